"""The classifier that weighs signs tells examples apart, keeps what matters, and comes to the same each time."""

from bench.advice.classifier import Classifier, Sample, fitted

SAMPLES = [
    *(Sample(frozenset({"绳", "买", name}), 2.0, high=True) for name in "甲乙丙丁"),
    *(Sample(frozenset({"工资", "发", name}), 2.0, high=False) for name in "甲乙丙丁"),
    *(Sample(frozenset({"绳", "厂", name}), 2.0, high=False) for name in "甲乙丙丁"),
]


def score(classifier: Classifier, *pieces: str) -> float:
    return classifier.base + sum(classifier.weights.get(piece, 0.0) for piece in pieces) / 2


def test_it_tells_examples_apart_by_what_they_have_in_common() -> None:
    classifier = fitted(SAMPLES, cost=1.0, kept=100)
    assert score(classifier, "绳", "买", "戊") > 0.5
    assert score(classifier, "绳", "厂", "戊") < -0.5
    assert score(classifier, "工资", "发") < -0.5


def test_it_keeps_what_matters_most() -> None:
    classifier = fitted(SAMPLES, cost=1.0, kept=2)
    assert len(classifier.weights) == 2
    assert "买" in classifier.weights


def test_it_comes_to_the_same_each_time() -> None:
    assert fitted(SAMPLES, cost=1.0, kept=4) == fitted(list(SAMPLES), cost=1.0, kept=4)


def test_an_example_that_counts_less_moves_less() -> None:
    against = [*SAMPLES, *(Sample(frozenset({"买"}), 1.0, high=False, counts=0.01) for _ in range(2))]
    plainly = [*SAMPLES, *(Sample(frozenset({"买"}), 1.0, high=False) for _ in range(2))]
    assert fitted(against, 1.0, 100).weights["买"] > fitted(plainly, 1.0, 100).weights["买"]
