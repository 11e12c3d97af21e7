"""What is done with each model: one Plan for all that one configuration governs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tflint import select
from tflint.dataclass import replace
from tflint.engine import Plan
from tflint.registry import catalogue
from tflint.runtimes.profile import resolve
from tflint.suppress import sidecar

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tflint.artifacts.artifact import Artifact
    from tflint.config.hierarchy import Hierarchy
    from tflint.config.settings import Settings
    from tflint.registry import Entry

DEFAULT_TARGET = "litert"


class Plans:
    """Plans by path."""

    def __init__(self, hierarchy: Hierarchy, *, verbose: bool = False) -> None:
        self.hierarchy, self.verbose = hierarchy, verbose
        self.catalogue = catalogue()
        self._made: dict[str, Plan] = {}
        self._own: dict[str, Plan] = {}  # of models that have a sidecar
        self.run = self._of(hierarchy.run)  # made whether or not a model needs it: a mistake in it is one anyway

    def of(self, artifact: Artifact) -> Plan:
        """The plan for a model. Raises TflintError for an unknown rule, option or target in its configuration."""
        plan = self._of(self.hierarchy.of(artifact.where))
        lonely = self.hierarchy.isolated or artifact.is_url
        if lonely or not (beside := sidecar(artifact.where, self.catalogue)):
            return plan
        if artifact.where not in self._own:
            self._own[artifact.where] = replace(plan, suppressions=(*plan.suppressions, *beside))
        return self._own[artifact.where]

    def _of(self, settings: Settings) -> Plan:
        if settings.source not in self._made:
            self._made[settings.source] = make(settings, self.catalogue, verbose=self.verbose)
        return self._made[settings.source]


def make(settings: Settings, rules: Mapping[str, Entry], *, verbose: bool = False) -> Plan:
    """The plan that settings ask for. Raises TflintError for an unknown rule, option or target."""
    selection = select.Selection(rules, settings)
    decisions = {code: selection.of(entry) for code, entry in rules.items()}
    asked = [code for code, decision in decisions.items() if decision.runs and decision.by_name(code)]
    severities, fixed = select.severities(rules, settings)
    profiles = {profile.id: profile for profile in map(resolve, settings.target or (DEFAULT_TARGET,))}
    return Plan(
        entries=tuple(rules[code] for code, decision in decisions.items() if decision.runs),
        profiles=tuple(profiles.values()),
        assumed_target=not settings.target,
        severities=severities,
        options=select.options(rules, settings),
        verbose=verbose,
        deep=settings.deep,
        errors_only=frozenset(code for code, decision in decisions.items() if decision.errors_only),
        errors_fixed=fixed,
        per_file_ignores=select.per_file_ignores(rules, settings),
        suppressions=select.suppressions(rules, settings),
        max_file_size=settings.max_file_size,
        waiting=tuple(code for code in asked if rules[code].reads == "weights" and not settings.deep),
    )
