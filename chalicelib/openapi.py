"""The API as an OpenAPI 3.1 document.

What is the same for every model is in `static/openapi.json`; the schemas of rows and predictions are made from the
production model's own features and classes.
"""

import csv
import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from chalicelib.explanation_schemas import decision_text, explanation_schemas
from chalicelib.json_schemas import Bounds, Schema, missing_schema, value_schema
from shared.documents import Label
from shared.formats.values import FLOAT32_MAX, TRUE
from shared.scorer.scorer import Scorer
from shared.settings import UnknownFields

_SKELETON: Final = Path(__file__).parent / "static" / "openapi.json"
SHOWN_CATEGORIES: Final = 100
_INDEX: Final = "^(Unnamed: [0-9]+)?$"  # the name of an index, as pandas writes it and as it reads that again
_FORMS: Final = {"instances": "Instances", "dataframe_records": "DataframeRecords", "dataframe_split": "DataframeSplit"}


def describe(scorer: Scorer | None, assets: Sequence[str], unknown_fields: UnknownFields = "warn") -> Schema:
    """The document for the model in production, or one with open schemas while there is none.

    `assets` are the names that `/assets` knows; `unknown_fields` says whether a row may have others than the model's.
    """
    document: Schema = json.loads(_SKELETON.read_text(encoding="utf-8"))
    forms = [name for field, name in _FORMS.items() if scorer is None or field not in scorer.features]
    schemas = _of_model(scorer, forms, unknown_fields) if scorer else _of_no_model()
    document["components"]["schemas"] |= schemas
    content = _content(scorer, forms)
    for path in ("/predict", "/invocations"):
        document["paths"][path]["post"]["requestBody"]["content"] = content
    parameters = document["paths"]["/assets/{version}/{name}"]["get"]["parameters"]
    next(each for each in parameters if each["name"] == "name")["schema"]["enum"] = sorted(assets)
    return document


def _of_model(scorer: Scorer, forms: Sequence[str], unknown_fields: UnknownFields) -> Schema:
    label = _label_schema(scorer.classes)
    names = list(scorer.class_names)
    probability: Schema = {"type": "number", "minimum": 0, "maximum": 1}
    answer = {
        "prediction": {**label, "description": decision_text(scorer)},
        "probability": {**probability, "description": "Of the predicted class."},
        "probabilities": {
            "type": "object",
            "description": "Of each class.",
            "properties": dict.fromkeys(names, probability),
            "required": names,
            "additionalProperties": False,
        },
    }
    model_id: Schema = {"$ref": "#/components/schemas/ModelId"}
    schemas = {
        "Row": _row(scorer, unknown_fields),
        "Missing": missing_schema(list(scorer.missing)),
        "Instances": _records("instances", "Many rows."),
        "DataframeRecords": _records("dataframe_records", "Many rows, in a spelling of MLflow's clients."),
        "DataframeSplit": _split(scorer, unknown_fields),
        "Label": {**label, "description": f"A class: a value of the label {scorer.label}."},
        "RowPrediction": _closed(answer),
        "Prediction": _prediction({**answer, "model_id": model_id}, explanation_schemas(scorer)),
    }
    return {name: schema for name, schema in schemas.items() if name not in _FORMS.values() or name in forms}


def _of_no_model() -> Schema:
    """Schemas that promise nothing about features and classes."""
    probability: Schema = {"type": "number", "minimum": 0, "maximum": 1}
    label: Schema = {"type": ["boolean", "number", "string"]}
    answer = {
        "prediction": label,
        "probability": probability,
        "probabilities": {"type": "object", "additionalProperties": probability},
    }
    return {
        "Label": label,
        "RowPrediction": _closed(answer),
        "Prediction": _prediction({**answer, "model_id": {"$ref": "#/components/schemas/ModelId"}}, {}),
    }


def _prediction(answer: Schema, explained: Schema) -> Schema:
    """The schema of the answer to one row; what is there on demand is not required."""
    warnings = {"$ref": "#/components/schemas/Warnings"}
    return _closed({**answer, **explained, "warnings": warnings}, required=list(answer))


def _content(scorer: Scorer | None, forms: Sequence[str]) -> Schema:
    if scorer is None:
        waits = "No model is in production, so the fields of a row are not known yet: the answer is 503."
        return {
            "application/json": {"schema": {"type": "object", "description": waits}},
            "text/csv": {"schema": {"type": "string", "description": waits}},
        }
    refs: list[Schema] = [{"$ref": f"#/components/schemas/{name}"} for name in ("Row", *forms)]
    if forms:  # beside the features of a row, too, these names are those of many rows
        refs[0]["propertyNames"] = {"not": {"enum": [field for field, name in _FORMS.items() if name in forms]}}
    return {
        "application/json": {"schema": {"anyOf": refs}, "examples": _examples(scorer, forms)},
        "text/csv": {
            "schema": {
                "type": "string",
                "description": "A header line, then a line for each row, as in an upload. Detected are the delimiter "
                "(comma, semicolon, tab or vertical bar), the encoding (UTF-8, UTF-16 or Windows-1252; another one is "
                "to be named by the media type's charset), a decimal "
                "comma where commas do not delimit, and gzip. A cell may be any of the spellings of Missing; truth "
                "values, dates and categories are spelled as in JSON, numbers in plain decimal notation. The header "
                "line may be left out: when no cell of the first line is the name of a column (a feature, the label "
                "or an ignored one, in capitals or not) and it has as many cells as there are features, every line "
                f"is a row with the features in this order: {', '.join(scorer.features)}.",
            },
            "example": _csv(scorer),
        },
    }


def _row(scorer: Scorer, unknown_fields: UnknownFields) -> Schema:
    """The schema of a row. The first example of a number or a date is what replaces a missing value."""
    inputs = scorer.inputs
    scaled, categories = iter(zip(inputs.means, inputs.scales, strict=True)), iter(inputs.categories)
    features: Schema = {}
    for column, typical in zip(inputs.columns, inputs.typical, strict=True):
        if column.is_category:
            category = next(categories)
            schema = value_schema(column, known_missing=category.fill in category.known)
            seen = [text for text in category.known if text != category.fill]
            examples = [text == TRUE for text in seen] if column.kind == "boolean" else seen[:SHOWN_CATEGORIES]
            features[column.name] = {**schema, "examples": examples or [typical]}
        else:
            features[column.name] = {**value_schema(column, _bounds(*next(scaled))), "examples": [typical]}
    unused = {name: {"description": "Allowed and not used."} for name in _unused(scorer)}
    row = _closed({**features, **unused}, required=scorer.features)
    if unknown_fields == "error":
        row |= {"patternProperties": {_INDEX: {"description": "An index: allowed and not used."}}}
        others = "Other fields are refused."
    else:
        row |= {"additionalProperties": True}
        others = "Other fields are ignored and named in the answer's warnings."
    return {
        **row,
        "description": "A value for each of the model's features; null is a missing value. For a number or a date the "
        "median of the training rows replaces it. Names are matched after trimming, with an underscore "
        f"for each run of white space. {others}",
    }


def _bounds(mean: float, scale: float) -> Bounds:
    """The numbers that fit into float32 as they are and when they are scaled."""
    return max(-FLOAT32_MAX, mean - scale * FLOAT32_MAX), min(FLOAT32_MAX, mean + scale * FLOAT32_MAX)


def _unused(scorer: Scorer) -> list[str]:
    """The fields beside the features that a row may carry."""
    return [name for name in dict.fromkeys((*scorer.ignored, scorer.label)) if name not in scorer.features]


def _records(field: str, description: str) -> Schema:
    rows = {"type": "array", "items": {"$ref": "#/components/schemas/Row"}}
    return {**_closed({field: rows}), "description": description}


def _split(scorer: Scorer, unknown_fields: UnknownFields) -> Schema:
    known: Schema = {"anyOf": [{"enum": [*scorer.features, *_unused(scorer)]}, {"type": "string", "pattern": _INDEX}]}
    columns: Schema = {
        "type": "array",
        "description": "All of the model's features, in any order.",
        "items": known if unknown_fields == "error" else {"type": "string"},
        "uniqueItems": True,
        "allOf": [{"contains": {"const": name}} for name in scorer.features],
    }
    data: Schema = {
        "type": "array",
        "description": "The rows: as many values as there are columns.",
        "items": {"type": "array", "items": {}},
    }
    split = _closed({"columns": columns, "data": data, "index": {"description": "Not used."}}, ("columns", "data"))
    return {**_closed({"dataframe_split": split}), "description": "Many rows, as pandas and MLflow split them."}


def _label_schema(classes: Sequence[Label]) -> Schema:
    kinds = {bool: "boolean", int: "number", float: "number", str: "string"}
    types = list(dict.fromkeys(kinds[type(label)] for label in classes))
    return {"type": types[0] if len(types) == 1 else types, "enum": list(classes)}


def _closed(properties: Schema, required: Sequence[str] | None = None) -> Schema:
    """An object with these fields and no others; all are required unless some are named."""
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties if required is None else required),
        "additionalProperties": False,
    }


def _examples(scorer: Scorer, forms: Sequence[str]) -> Schema:
    row = dict(zip(scorer.features, scorer.inputs.typical, strict=True))
    split = {"columns": list(scorer.features), "data": [list(scorer.inputs.typical)]}
    values: Schema = {
        "Row": ("One row", row),
        "Instances": ("Many rows", {"instances": [row, row]}),
        "DataframeRecords": ("Many rows, MLflow records", {"dataframe_records": [row]}),
        "DataframeSplit": ("Many rows, MLflow split", {"dataframe_split": split}),
    }
    return {name: {"summary": values[name][0], "value": values[name][1]} for name in ("Row", *forms)}


def _csv(scorer: Scorer) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerows([scorer.features, scorer.inputs.typical])
    return text.getvalue()
