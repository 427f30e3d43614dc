"""`geoaccess`, and `python -m geoaccess`."""

from __future__ import annotations

import signal

__all__ = ["main"]


def main() -> None:
    """Run the command line; Ctrl-C ends it quietly also while Python still loads it, or lets go of everything."""
    pressed = signal.getsignal(signal.SIGINT)
    usual = pressed is signal.default_int_handler
    if usual:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from geoaccess.cli import main as run

    try:
        if usual:
            signal.signal(signal.SIGINT, pressed)
        run()
    finally:
        if usual:
            signal.signal(signal.SIGINT, signal.SIG_DFL)


if __name__ == "__main__":
    main()
