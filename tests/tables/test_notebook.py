"""The notebook's score is one that a guess does not reach, and comes about as it says."""

from typing import Any

import pandas as pd
import pytest
from sklearn.ensemble import AdaBoostClassifier, RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from tests.tables.bundled import bundled
from tests.tables.catalogue import EVERY, table
from tests.tables.imitations import imitation
from tests.tables.notebook import kept_columns, notebook_f1, notebook_predictions, plain, score
from tests.tables.table import Imitation

TOO_MANY_CLASSES = "towns"


def baseline(one: Imitation) -> float:
    return notebook_f1(*one.frames(), one.label, positive=one.positive, ignore=one.ignore)


def best_guess(one: Imitation) -> float:
    """The best F1 of those who answer every row with the same class."""
    labels = one.frames()[1][one.label]
    truth = (labels > 0 if one.positive == "> 0" else labels).tolist()
    return max(score(truth, [label] * len(truth)) for label in set(truth))


@pytest.mark.parametrize("name", [name for name in EVERY if name != TOO_MANY_CLASSES])
def test_the_notebook_beats_the_best_constant_guess(name: str) -> None:
    assert baseline(table(name)) > best_guess(table(name)) + 0.1


def test_a_hundred_classes_can_be_learnt_but_hardly_by_fifty_stumps() -> None:
    """Each stump names two classes, and all rows but a few hear the same ones."""
    one = imitation(TOO_MANY_CLASSES)
    train, test = (plain(frame) for frame in one.frames())
    forest = RandomForestClassifier(100, random_state=42).fit(train[["latitude", "longitude"]], train["town"])
    assert score(test["town"].tolist(), forest.predict(test[["latitude", "longitude"]]).tolist()) > 0.8
    assert 10 * best_guess(one) < baseline(one) < 0.1


def test_names_and_identifiers_are_no_features() -> None:
    kept = {name: kept_columns(table(name).frames()[0], table(name).label, table(name).ignore) for name in EVERY}
    assert kept["titanic"] == ["Pclass", "Sex", "Age", "SibSp", "Parch", "Fare", "Cabin", "Embarked"]
    assert "timestamp" in kept["sensor"]
    assert not {"loan_id", "claim_no", "comment", "visit_id", "customerID"} & {
        name for one in kept.values() for name in one
    }


def numbers() -> tuple[pd.DataFrame, pd.DataFrame]:
    return bundled("breast_cancer").frames()


def test_a_table_of_numbers_scores_as_the_bare_pipeline_does() -> None:
    train, test = numbers()
    bare = make_pipeline(SimpleImputer(strategy="median"), StandardScaler(), AdaBoostClassifier(random_state=42))
    bare.fit(train.drop(columns="target"), train["target"])
    predicted = pd.Series(bare.predict(test.drop(columns="target"))) == "malignant"
    truth = test["target"] == "malignant"
    f1 = 2 * (predicted & truth).sum() / (predicted.sum() + truth.sum())
    assert notebook_f1(train, test, "target") == pytest.approx(f1)


def by_hand(one: Imitation) -> list[Any]:
    """Predictions on medians and indicator columns that pandas alone has made."""
    train, test = (plain(frame) for frame in one.frames())
    features = kept_columns(one.frames()[0], one.label, one.ignore)
    numeric = train[features].select_dtypes(float)
    texts = [name for name in features if name not in numeric.columns]

    def numbers_first(frame: pd.DataFrame) -> pd.DataFrame:
        filled = (frame[numeric.columns].fillna(numeric.median()) - numeric.mean()) / numeric.std()
        return pd.get_dummies(filled.join(frame[texts].fillna("missing")), dtype=float)

    known = numbers_first(train)
    classifier = AdaBoostClassifier(random_state=42).fit(known.to_numpy(), train[one.label])
    asked = numbers_first(test).reindex(columns=known.columns, fill_value=0.0)
    predicted: list[Any] = classifier.predict(asked.to_numpy()).tolist()
    return predicted


@pytest.mark.parametrize("name", ["titanic", "loan", "german", "heart_stages", "sensor"])
def test_a_mixed_table_is_predicted_as_one_that_is_made_ready_by_hand(name: str) -> None:
    one = imitation(name)
    truth, predicted = notebook_predictions(*one.frames(), one.label, ignore=one.ignore)
    assert truth == plain(one.frames()[1])[one.label].tolist()
    assert predicted == by_hand(one)


def test_a_row_counts_as_often_as_it_is_there() -> None:
    rows = pd.DataFrame({"code": ["A"] * 4 + ["B"] * 4, "answer": ["no", "yes", "yes", "yes", "no", "no", "no", "yes"]})
    asked = pd.DataFrame({"code": ["A", "B"], "answer": ["yes", "no"]})
    assert notebook_predictions(rows, asked, "answer") == (["yes", "no"], ["yes", "no"])


def test_texts_that_always_differ_change_nothing() -> None:
    train, test = numbers()
    more = train.assign(note=[f"note {place}" for place in range(len(train))])
    assert notebook_f1(more, test.assign(note="note 1"), "target") == notebook_f1(train, test, "target")


def test_dates_booleans_and_unseen_texts_are_understood() -> None:
    days = pd.Series(pd.date_range("2026-01-01", periods=40, freq="D"))
    train = pd.DataFrame({"day": days, "flag": [True, False] * 20, "kind": ["a", None] * 20, "late": days.index >= 20})
    test = train.assign(day=days + pd.Timedelta(hours=1), kind="never seen")
    assert plain(train)["day"][0] == days[0].toordinal()
    assert plain(train)["flag"].unique().tolist() == ["true", "false"]
    assert notebook_f1(train, test, "late") == 1.0


@pytest.mark.parametrize(
    ("truth", "predicted", "expected"),
    [
        (["a", "b", "b"], ["b", "b", "a"], 0.5),
        ([0, 1, 2], [0, 1, 1], (1 + 2 / 3) / 3),
        (["a", "b"], ["c", "b"], 1.0),
    ],
    ids=["the class that sorts last", "the mean over all classes", "a class that the test set lacks"],
)
def test_the_score_counts_the_classes_of_the_test_set(truth: list[Any], predicted: list[Any], expected: float) -> None:
    assert score(truth, predicted) == pytest.approx(expected)
