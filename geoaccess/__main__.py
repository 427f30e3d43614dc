"""`python -m geoaccess`."""

from geoaccess.cli import main

if __name__ == "__main__":
    main()
