"""A policy pack, typed: what each YAML file of a pack may hold, unknown keys refused."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Annotated, Any, Final, Literal, get_args

from pydantic import Field, model_validator

from rules.pack.files.doubts import Doubt
from rules.pack.files.household import HouseholdPart
from rules.pack.files.model import Identifier as Identifier
from rules.pack.files.model import Model as Model
from rules.pack.files.model import Text as Text
from rules.pack.marks import Filled, Ref

RuleId = Annotated[str, Field(pattern=r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$", max_length=64)]
Version = Annotated[str, Field(pattern=r"^\d+\.\d+\.\d+$")]
Urgency = Literal["U0", "U1", "U2", "U3", "U4", "U5"]
# How sure: the legal text was read; an official page states it; only a weak one does; unverified; our own design.
Status = Literal["primary", "official", "weak", "own_knowledge", "design"]
Strength = Literal["official", "third_party", "self_declared"]  # of a paper that proves a hardship, strongest first
FactType = Literal["text", "enum", "bool", "int", "money", "rate", "date", "list"]
ACKNOWLEDGEMENTS: Final = "acknowledgements"  # a block that means whatever admits the debt
LENDER_CONTACT: Final = "lender_contact"  # a block that means whatever has the borrower turn to the lender
WITHHELD: Final = (ACKNOWLEDGEMENTS, LENDER_CONTACT)
Unit = Literal["days", "working_days", "months", "years", "yuan", "percent", "percent_a_day", "count", "basis_points"]
FactUnit = Literal["days", "months", "years", "count"]  # of a whole number
CodeKind = Literal["reference", "phone", "id_number"]
PRODUCT_CONTACTS: Final = "product_contacts"  # among contacts: those of the product, in its order
SHORT: Final = 40  # Chinese characters of a line that stands on the client's page
# A breach of a standard is a ground for complaint; one of law is for police and courts.
Layer = Literal["law", "regulation", "standard", "practice", "design"]
# What was read of a source. A press copy is a report on a site that deserves no trust of its own.
Read = Literal["text", "official_page", "press", "press_copy", "law_firm", "weak_page", "nothing"]
PlanKind = Literal[  # without interest unless the kind says otherwise
    "instalments",
    "steady_instalments",
    "partial_instalments",
    "instalments_with_interest",
    "equal_principal",
    "shared_instalments",
    "steady_shared_instalments",
    "deferral",
    "standstill",
    "lump_sum",
]


class Reference(Model):
    """Where a claim comes from: an entry of references.yaml, the article in it, and how sure we are."""

    id: Annotated[str, Ref("references", how="references")]
    article: str | None = None
    status: Status


FilledText = Annotated[Text, Filled()]
References = Annotated[tuple[Reference, ...], Field(min_length=1)]


class Source(Model):
    """One law, regulation, standard or practice that references point to (references.yaml)."""

    title: Text
    number: str | None = None
    layer: Layer
    published: dt.date | None = None
    in_force_from: dt.date | None = None
    read: Read | None = None  # None only where there is nothing to read: our own design


class FactValue(Model):
    """One allowed value of an enum or list fact."""

    zh: str
    en: str
    aliases: tuple[str, ...] = ()
    brands: tuple[str, ...] = ()  # names of its makers: they mean it also inside a longer name, before any other word


class FactEntry(Model):
    """One fact of facts.yaml: submitted, or given by the application.

    `minimum` and `maximum` are written as a submitter would (yuan, percent). Whole numbers may be followed
    by one of the `suffixes` (45天).
    """

    type: FactType
    title: Text
    unit: FactUnit | None = None  # what a whole number counts
    per: Literal["month"] | None = None  # an amount that comes every month
    code: CodeKind | None = None  # a text that is a number or a reference, and means one thing letter by letter
    question: Text | None = None
    hint: Text | None = None  # told with an unknown value: how to find the right one
    why: Text | None = None  # it is asked; without it that is worked out from the rules that wait for it
    aliases: tuple[str, ...] = ()
    # Headers that may mean it, or something else: proposed, and taken only once somebody has said so.
    asks: tuple[str, ...] = ()
    required: bool = False
    required_unless: Annotated[Identifier, Ref("facts")] | None = None
    given: bool = False  # the application finds it out: nobody submits it, and a case without it will never have it
    # How a given or derived fact comes about, for people; may name {parameters}.
    how: Annotated[Text, Filled(how="formula")] | None = None
    private: bool = False
    # The borrower can change it, by bringing a paper or deciding something: recourse may suggest it.
    actionable: bool = False
    values: dict[str, FactValue] = Field(default_factory=dict)
    values_from: Literal["hardships", "products", "red_flags"] | None = None
    minimum: int | None = None
    maximum: int | None = None
    max_length: int | None = None
    suffixes: tuple[str, ...] = ()
    free: bool = False  # a text that people write as they like: red flags are looked for in it, however short
    past: bool = False  # a date of something that has happened: intake refuses one after the day of triage
    urgent: tuple[bool | str, ...] = ()  # values that send a case to the urgent queue, before any rule is asked


class Fact(FactEntry):
    """One fact of the vocabulary: of facts.yaml, or derived by a formula."""

    derived: bool = False  # nobody submits it: a formula or the application gives it
    inputs: tuple[Annotated[Identifier, Ref("facts")], ...] = ()  # the facts that the formula of a derived one reads


class FactGroup(Model):
    """Facts that a form asks for under one heading, in this order."""

    title: Text
    facts: Annotated[tuple[Annotated[Identifier, Ref("facts", idle=True)], ...], Field(min_length=1)]


class VocabularyFile(Model):
    """facts.yaml: the facts that are submitted or given, and what is said of several (Vocabulary says what)."""

    facts: dict[Identifier, FactEntry]
    groups: tuple[FactGroup, ...] = ()
    of_person: tuple[Identifier, ...] = ()
    household: tuple[HouseholdPart, ...] = ()
    pairs: tuple[tuple[Identifier, Identifier], ...] = ()
    doubts: dict[Identifier, Doubt] = Field(default_factory=dict)


class Vocabulary(Model):
    """Every fact there is, their groups, the pairs of facts that conditions may compare, and what is doubted.

    `of_person`: what is said of the person, and not of one debt. `household`: the lines of a budget.
    """

    facts: dict[Identifier, Fact]
    groups: tuple[FactGroup, ...] = ()
    of_person: tuple[Annotated[Identifier, Ref("facts", idle=True)], ...] = ()
    household: tuple[HouseholdPart, ...] = ()
    pairs: tuple[tuple[Annotated[Identifier, Ref("facts")], Annotated[Identifier, Ref("facts")]], ...] = ()
    doubts: dict[Identifier, Doubt] = Field(default_factory=dict)
    timezone: str = "UTC"  # where a moment is a day


class Dated(Model):
    """Something in force for some days: both ends included, None for open.

    `carried`: nobody confirmed it for these days, the last confirmed value is carried on. `final`: nothing follows it.
    """

    valid_from: dt.date
    valid_to: dt.date | None = None
    status: Status
    references: References
    carried: bool = False
    final: bool = False


class ParameterValue(Dated):
    """A figure and the days it is in force."""

    value: Decimal


class Parameter(Model):
    """A policy number with its unit and its dated values (parameters.yaml).

    `background` says what a figure that no rule and no text uses is kept for.
    """

    title: Text
    unit: Unit
    background: Text | None = None
    values: Annotated[tuple[ParameterValue, ...], Field(min_length=1)]
    reviewed_on: dt.date | None = None  # where that was later than the pack's own review


class Hardship(Model):
    """A kind of hardship and the documents that prove it, by strength (hardships.yaml)."""

    code: str
    title: Text
    synonyms: tuple[str, ...] = ()
    documents: dict[Strength, tuple[Annotated[str, Ref("documents", idle=True)], ...]] = Field(default_factory=dict)
    references: References


class ShortText(Text):
    """A line on the client's page."""

    zh: Annotated[str, Field(min_length=1, max_length=SHORT)]
    en: Annotated[str, Field(min_length=1, max_length=3 * SHORT)]


class Strategy(Model):
    """A negotiation strategy a rule can recommend (strategies.yaml). `next_steps` are ids of steps.yaml, in order."""

    code: Annotated[str, Field(pattern=r"^S\d{2}$")]
    title: Text
    summary: FilledText
    sound_when: FilledText
    against: FilledText  # its price, and when it is not the way
    next_steps: Annotated[tuple[Annotated[Identifier, Ref("steps")], ...], Field(min_length=1)]
    # What it comes to, in one sentence to the client, and whom to call when stuck; null: it has no page for the client.
    sentence: Annotated[ShortText, Filled()] | None
    call: Annotated[Identifier, Ref("contacts", how="contacts", also=(PRODUCT_CONTACTS,))] | None
    references: References
    acknowledges: bool = False  # pursuing it admits the debt, pays, or asks for time
    in_doubt: bool = False  # whether anything is owed is looked at first: beside it the client's page admits nothing
    plans: tuple[PlanKind, ...] = ()  # the repayment plans worked out for it, in the order they are shown
    # The most months a plan of it may take.
    plan_longest: Annotated[Identifier, Ref("parameters", how="plan", of="months")] | None = None


class LegalDeadline(Model):
    """A deadline: so many days or months from the day a paper was served, or, without either, a day itself.

    Of deadlines.yaml; it has `days` or `months`, never both.
    """

    title: Text
    starts_from: Annotated[Identifier, Ref("facts", of="date")]
    days: Annotated[Identifier, Ref("parameters", of="days")] | None = None
    months: Annotated[Identifier, Ref("parameters", of="months")] | None = None
    whose: Literal["borrower", "lender"] = "borrower"  # who is late once it is over; a lender's is never a duty of ours
    references: References

    @model_validator(mode="after")
    def _one_length(self) -> LegalDeadline:
        if self.days is not None and self.months is not None:
            raise ValueError("a deadline is counted in days or in months, not in both")
        return self


class Effect(Model):
    """What a fired rule does: exactly one key.

    `block: acknowledgements` blocks every strategy, and withholds every item, that acknowledges the debt;
    `block: lender_contact` withholds every item by which the borrower turns to the lender.
    """

    recommend: Annotated[Identifier, Ref("strategies")] | None = None
    add: Annotated[Identifier, Ref("strategies")] | None = None
    block: (
        tuple[Annotated[Identifier, Ref("strategies", idle=True)], ...]
        | Literal["acknowledgements", "lender_contact"]
        | None
    ) = None
    exclusive: Literal[True] | None = None
    urgency: Urgency | None = None
    document: Annotated[Identifier, Ref("documents")] | None = None
    right: Annotated[Identifier, Ref("rights")] | None = None
    warning: Annotated[Identifier, Ref("warnings")] | None = None
    step: Annotated[Identifier, Ref("steps")] | None = None
    deadline: Annotated[Identifier, Ref("deadlines")] | None = None
    flag: Identifier | None = None

    @model_validator(mode="after")
    def _exactly_one(self) -> Effect:
        if len(self.model_fields_set) != 1:
            raise ValueError(f"an effect has exactly one key, one of {', '.join(type(self).model_fields)}")
        return self

    @property
    def kind(self) -> str:
        """The one key."""
        return next(iter(self.model_fields_set))


class RuleTest(Model):
    """A case of one rule: facts in, hit, no_hit or unknown out. Facts not named are unknown.

    `given` and `not_given` say in the words of `then` what such a case gets of the whole pack, and what it does not.
    """

    name: str
    facts: dict[str, Any]
    expect: Literal["hit", "no_hit", "unknown"]
    given: tuple[Effect, ...] = ()
    not_given: tuple[Effect, ...] = ()
    as_of: dt.date | None = None


class Rule(Model):
    """One rule of a pack (one file). `when` is parsed by conditions.parse."""

    id: RuleId
    title: Text
    priority: Annotated[int, Field(ge=0, le=1000)]
    references: References
    when: dict[str, Any]
    then: Annotated[tuple[Effect, ...], Field(min_length=1)]
    because: Annotated[Text, Filled(how="because")]
    acknowledges: bool = False  # its reason speaks of paying or of terms: silent where acknowledgements are blocked
    contacts_lender: bool = False  # its reason sends to the lender: silent where contact is blocked
    tests: Annotated[tuple[RuleTest, ...], Field(min_length=1)]


class Default(Model):
    """What a case gets when no rule recommends anything."""

    strategy: Annotated[Identifier, Ref("strategies", how="recommend")]
    urgency: Urgency
    because: FilledText
    references: References


class Manifest(Model):
    """pack.yaml: what this pack is."""

    form: Annotated[
        int, Field(ge=1, strict=True)
    ]  # of the pack's files: rules/pack/past/upcasting.py reads those of the past
    id: Identifier
    version: Annotated[str, Field(pattern=r"^\d+\.\d+\.\d+$")]
    title: Text
    timezone: str
    reviewed_on: dt.date
    default: Default
    disagreement: Default
    disclaimer: Text
    # Within how many hours a counsellor looks at a case; packs published before the desk do not say.
    response_hours: dict[Urgency, Annotated[int, Field(ge=1)]] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _answers_every_urgency(self) -> Manifest:
        missing = sorted(set(get_args(Urgency)) - self.response_hours.keys())
        if self.response_hours and missing:
            raise ValueError(f"response_hours lacks {', '.join(missing)}")
        return self


class Edition(Model):
    """What changed in one version of the pack (changelog.yaml, newest first)."""

    version: Version
    date: dt.date
    text: Text
    added: tuple[RuleId, ...] = ()
    changed: dict[RuleId, Text] = Field(default_factory=dict)
    removed: dict[RuleId, Text] = Field(default_factory=dict)


class OpenPoint(Model):
    """What nobody has confirmed yet, and which figures and sources hang on it (open_points.yaml)."""

    text: Text
    parameters: tuple[Annotated[Identifier, Ref("parameters", how="open", idle=True)], ...] = ()
    references: tuple[Annotated[str, Ref("references", how="open", idle=True)], ...] = ()


# At least one, in calling order.
_Contacts = Annotated[tuple[Annotated[Identifier, Ref("contacts", how="contacts")], ...], Field(min_length=1)]


class Contact(Model):
    """Whom a borrower or counsellor turns to, and what for (contacts.yaml). `number` is a short hotline number.

    `care`: for whoever cannot go on; it stands on every client's page.
    """

    title: Text
    number: Annotated[str, Field(pattern=r"^\d{3,5}$")] | None = None
    purpose: Text
    care: bool = False
    references: References


class Product(Model):
    """A kind of debt: who really lends, what may be cited for it, and whom to call (products.yaml).

    `contacts` are ids of contacts.yaml in calling order. Where the debt is claimed by a kind of lender (a value of the
    fact lender_type) that stands in `contacts_by_lender`, that order holds instead.
    """

    code: Annotated[str, Field(pattern=r"^P_[A-Z_]+$")]
    title: Text
    aliases: tuple[str, ...] = ()
    brands: tuple[str, ...] = ()  # everyday names that mean it, alone or inside a longer one
    lender: FilledText
    note: FilledText
    contacts: _Contacts
    contacts_by_lender: dict[Annotated[Identifier, Ref("lender_types")], _Contacts] = Field(default_factory=dict)
    # The most months any plan for it may take.
    plan_longest: Annotated[Identifier, Ref("parameters", how="limit", of="months")] | None = None
    references: References
