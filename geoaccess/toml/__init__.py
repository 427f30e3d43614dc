"""TOML files read into frozen models and written back; all that is wrong with a file is reported at once."""

from geoaccess.toml.editing import Entry, edited_toml
from geoaccess.toml.models import (
    AfterValidator,
    BaseModel,
    Field,
    LocalName,
    LocalText,
    Table,
    ValidationError,
    did_you_mean,
    field_validator,
    model_validator,
    nearest,
    parse_toml,
    problems_in,
    read_in,
    read_toml,
    texts_in,
    validate,
    without_texts,
)
from geoaccess.toml.writing import toml_text

__all__ = [
    "AfterValidator",
    "BaseModel",
    "Entry",
    "Field",
    "LocalName",
    "LocalText",
    "Table",
    "ValidationError",
    "did_you_mean",
    "edited_toml",
    "field_validator",
    "model_validator",
    "nearest",
    "parse_toml",
    "problems_in",
    "read_in",
    "read_toml",
    "texts_in",
    "toml_text",
    "validate",
    "without_texts",
]
