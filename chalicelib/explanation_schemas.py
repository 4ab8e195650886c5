"""What the API's description says of how the model decides, and of what ``explain=true`` adds to an answer."""

from typing import Final

from chalicelib.json_schemas import Schema
from shared.scorer.contributions import ADDITIVE, LOG_ODDS, PROBABILITY, SUM
from shared.scorer.scorer import Scorer

_METHODS: Final = {
    True: "The model adds up one function of each feature, so these are its own parts, exactly.",
    False: "Saabas' decomposition: along the path that the row takes through each tree, the step to a child counts for "
    "the feature that is compared there. The order of the comparisons has a part in it.",
}
_UNITS: Final = {
    LOG_ODDS: "the log odds of the class",
    PROBABILITY: "the probability of the class",
    SUM: "the class's own sum, which is compared with those of the others",
}


def decision_text(scorer: Scorer) -> str:
    """How a class becomes the prediction."""
    if scorer.threshold is None:
        return "The class with the highest vote."
    second, at_least = scorer.class_names[1], f"{scorer.threshold:g}"
    if scorer.threshold == 0.5:
        return "The class with the highest vote."
    return f"{second} from a probability of {at_least} of it on, else {scorer.class_names[0]}."


def explanation_schemas(scorer: Scorer) -> Schema:
    """The fields that an answer to one row has with ``explain=true``."""
    unit, method = scorer.terms
    number: Schema = {"type": "number"}
    explained = scorer.classes[1:] if len(scorer.classes) == 2 else scorer.classes
    which = "the second class" if len(explained) == 1 else "the predicted class"
    about: Schema = {
        "class": {"enum": list(explained), "description": f"What they speak for: {which}."},
        "unit": {"const": unit, "description": f"What is added up: {_UNITS[unit]}."},
        "method": {"const": method, "description": _METHODS[method == ADDITIVE]},
        "base": {**number, "description": "What the sum is before any feature counts."},
    }
    return {
        "contributions": {
            "type": "object",
            "description": "With explain=true: what each feature adds, above 0 for the class and below 0 against it. A "
            "missing value counts as what replaces it.",
            "properties": dict.fromkeys(scorer.features, number),
            "required": list(scorer.features),
            "additionalProperties": False,
        },
        "explanation": {
            "type": "object",
            "description": "With explain=true: what the contributions are. On top of `base` they add up to `unit`.",
            "properties": about,
            "required": list(about),
            "additionalProperties": False,
        },
    }
