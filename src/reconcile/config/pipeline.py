"""Pipelines: steps, each one operation on one connection, and which step waits for which."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from graphlib import CycleError, TopologicalSorter
from typing import Any

from reconcile.config.check import check
from reconcile.config.document import Document
from reconcile.config.marked import MarkedMap
from reconcile.config.mistake import Subject
from reconcile.config.model import NAME_PATTERN, StepOptions
from reconcile.config.party import Party
from reconcile.core.diagnostic import Diagnostic, did_you_mean
from reconcile.core.kind import Catalogue
from reconcile.core.needs import needed_by
from reconcile.core.operation import Operation
from reconcile.core.source import Span

OPTIONS = frozenset(StepOptions.model_fields)


@dataclass(frozen=True, slots=True)
class Step:
    """One operation of a pipeline.

    ``settings`` is an instance of the operation's own model. Times are in seconds, None where there is none.
    """

    name: str
    operation: str
    settings: Any
    connection: str
    span: Span
    needs: tuple[str, ...] = ()
    wait_timeout: int | None = None
    stop_after: int | None = None
    when_busy: str = "wait"
    on_limit: str = "wait"
    retries: int = 0
    min_gap: int | None = None
    restart_from: str = ""


@dataclass(frozen=True, slots=True)
class Pipeline:
    """Steps in the order of the file; ``needs`` makes a graph without circles of them."""

    name: str
    steps: tuple[Step, ...]
    span: Span


class PipelineReader:
    """Reads the ``pipelines`` section of desired-state files."""

    def __init__(self, catalogues: Mapping[str, Catalogue], party: Party) -> None:
        self._party = party
        self._operations = {
            name: (provider, operation)
            for provider, catalogue in sorted(catalogues.items())
            for name, operation in catalogue.operations.items()
        }

    def read(self, document: Document, value: Any, default: str | None) -> tuple[list[Pipeline], list[Diagnostic]]:
        """Return the pipelines that are right, and what is wrong with the others."""
        out: list[Diagnostic] = []
        if not isinstance(value, MarkedMap):
            span = document.key_span(document.root, "pipelines")
            out.append(
                _wrong('"pipelines" should be a mapping from names to pipelines.', "write NAME: {steps: ...}", span)
            )
            return [], out
        pipelines = []
        for name in value:
            before = len(out)
            steps = self._steps(document, value, name, default, out)
            if len(out) == before:
                out += _needs_problems(document, value, name, steps)
            if len(out) == before:
                pipelines.append(Pipeline(name, tuple(steps), document.key_span(value, name)))
        return pipelines, out

    def _steps(
        self, document: Document, pipelines: MarkedMap, name: str, default: str | None, out: list[Diagnostic]
    ) -> list[Step]:
        out += _bad_name(document, pipelines, name)
        pipeline, span = pipelines[name], document.key_span(pipelines, name)
        steps = pipeline.get("steps") if isinstance(pipeline, MarkedMap) else None
        if not isinstance(steps, MarkedMap) or not steps:
            detail = f'Pipeline "{name}" needs "steps", a mapping from names to steps.'
            out.append(_wrong(detail, "steps: {NAME: {OPERATION: {...}}}", span))
        if not isinstance(pipeline, MarkedMap):
            return []
        for key in pipeline:
            if key != "steps":
                hint = did_you_mean(key, ["steps"]) or "known fields: steps"
                detail = f'Pipeline "{name}" has no field "{key}".'
                place = document.key_span(pipeline, key)
                out.append(Diagnostic("unknown-field", "Unknown field", detail, hint, place))
        if not isinstance(steps, MarkedMap):
            return []
        read = [self._step(document, steps, step, f'Step "{step}" of {name}', default, out) for step in steps]
        return [step for step in read if step is not None]

    def _step(
        self, document: Document, steps: MarkedMap, name: str, words: str, default: str | None, out: list[Diagnostic]
    ) -> Step | None:
        out += _bad_name(document, steps, name)
        step, span = steps[name], document.key_span(steps, name)
        if not isinstance(step, MarkedMap):
            out.append(_wrong(f"{words} should be a mapping.", "write {OPERATION: {...}}", span))
            return None
        operations = [key for key in step if key in self._operations]
        out += self._unknown_keys(document, step, words, found=bool(operations))
        options = step.without(frozenset(step) - OPTIONS)
        mark = steps.mark_of(name)
        said = check(StepOptions, options, lambda shape: Subject(document, options, mark, shape, words))
        out += said.diagnostics
        connection = self._party.of(document, step, out) if "connection" in step else default
        if connection is None:
            out.append(self._party.nameless(document, span))
        if len(operations) > 1:
            detail = f"{words} has several operations: {', '.join(operations)}."
            second = document.key_span(step, operations[1])
            out.append(Diagnostic("several-operations", "Several operations", detail, "make each a step", second))
        if len(operations) != 1:
            return None
        return self._built(document, step, Step(name, operations[0], None, connection or "", span), said.result, out)

    def _built(
        self, document: Document, step: MarkedMap, sketch: Step, said: StepOptions | None, out: list[Diagnostic]
    ) -> Step | None:
        provider, operation = self._operations[sketch.operation]
        actual = self._party.provider_of(sketch.connection)
        if actual and actual != provider:
            detail, hint = self._party.mismatch(sketch.operation, (provider,), sketch.connection)
            place = document.key_span(step, sketch.operation)
            out.append(Diagnostic("wrong-connection", "Wrong connection", detail, hint, place))
        value, mark = step[sketch.operation], step.mark_of(sketch.operation)
        origin = step.origins.get(sketch.operation)
        settings = check(
            operation.entry, value, lambda shape: Subject(document, value, mark, shape, sketch.operation, origin=origin)
        )
        out += settings.diagnostics
        out += self._impossible(document, step, operation)
        if said is None or settings.result is None:
            return None
        return replace(
            sketch,
            settings=settings.result,
            needs=tuple(dict.fromkeys(said.needs)),
            wait_timeout=said.wait_timeout,
            stop_after=said.stop_after,
            when_busy=said.when_busy or operation.when_busy,
            on_limit=said.on_limit,
            retries=said.retries,
            min_gap=said.min_gap,
            restart_from=said.restart_from,
        )

    def _impossible(self, document: Document, step: MarkedMap, operation: Operation) -> Iterator[Diagnostic]:
        """Yield an error for each option that the platform has no means for."""
        reasons = []
        if not operation.stoppable:
            reasons += [("stop_after", "", f"{operation.name} starts what the platform cannot stop")]
            reasons += [("when_busy", "replace", f"{operation.name} starts what the platform cannot stop")]
        if not operation.watchable:
            reasons += [
                (name, "", f"{operation.name} starts nothing that goes on")
                for name in ("wait_timeout", "when_busy", "retries", "min_gap")
            ]
        for name, value, reason in reasons:
            if name in step and (not value or step[name] == value):
                hint = "use wait_timeout to stop watching it" if name == "stop_after" else f"take {name} away"
                place = document.key_span(step, name)
                yield Diagnostic("impossible-option", "This cannot be done", f"{reason}.", hint, place)
                reasons = [each for each in reasons if each[0] != name]

    def _unknown_keys(self, document: Document, step: MarkedMap, words: str, *, found: bool) -> Iterator[Diagnostic]:
        """Yield an error for each key that is neither operation nor option, or one that the operation is missing."""
        unknown = [key for key in step if key not in self._operations and key not in OPTIONS]
        for key in unknown:
            is_operation = "." in key
            known = self._operations if is_operation else [*OPTIONS, *self._operations]
            listed = "operations" if is_operation or not found else "options"
            names = ", ".join(sorted(self._operations if listed == "operations" else OPTIONS))
            yield Diagnostic(
                "unknown-operation" if is_operation else "unknown-field",
                "Unknown operation" if is_operation else "Unknown field",
                f'{words} has {"the operation" if is_operation else "a field"} "{key}", which does not exist.',
                did_you_mean(key, known) or f"known {listed}: {names}",
                document.key_span(step, key),
            )
        if not found and not unknown:
            names = ", ".join(sorted(self._operations))
            span = document.text.span(step.key_mark_of(next(iter(step)))) if step else document.span
            yield Diagnostic(
                "missing-operation", "No operation", f"{words} does nothing.", f"operations: {names}", span
            )


def _bad_name(document: Document, mapping: MarkedMap, name: str) -> list[Diagnostic]:
    if re.fullmatch(NAME_PATTERN, name):
        return []
    hint = "a name is letters, digits, _ . and -, and begins with a letter or digit"
    span = document.key_span(mapping, name)
    return [Diagnostic("bad-name", "Not a name", f'"{name}" cannot be a name.', hint, span)]


def _needs_problems(document: Document, pipelines: MarkedMap, name: str, steps: list[Step]) -> list[Diagnostic]:
    names = [step.name for step in steps]
    written = pipelines[name]["steps"]
    problems = []
    for step in steps:
        for index, need in enumerate(written[step.name].get("needs", ())):
            if need not in names:
                span = document.value_span(written[step.name]["needs"], index)
                problems.append(_unknown_step(name, need, names, span))
        if step.restart_from and step.restart_from not in names:
            span = document.value_span(written[step.name], "restart_from")
            problems.append(_unknown_step(name, step.restart_from, names, span))
    if problems:
        return problems
    try:
        TopologicalSorter({step.name: step.needs for step in steps}).prepare()
    except CycleError as error:
        # graphlib lists each step before the one that needs it; people read the other way round.
        circle = list(reversed(error.args[1]))
        detail = f"Each of these needs the next one: {' -> '.join(circle)}."
        span = document.value_span(written[circle[0]], "needs")
        return [Diagnostic("step-cycle", "Steps in a circle", detail, "take one of the needs away", span)]
    return [
        _not_before(name, step, document.value_span(written[step.name], "restart_from"))
        for step in steps
        if step.restart_from and step.restart_from not in needed_by(step.name, {s.name: s.needs for s in steps})
    ]


def _unknown_step(pipeline: str, step: str, names: list[str], span: Span) -> Diagnostic:
    hint = did_you_mean(step, names) or f"steps: {', '.join(names)}"
    return Diagnostic("unknown-step", "Unknown step", f'Pipeline "{pipeline}" has no step "{step}".', hint, span)


def _not_before(pipeline: str, step: Step, span: Span) -> Diagnostic:
    detail = f'Step "{step.name}" of {pipeline} is to restart from "{step.restart_from}", which it does not need.'
    return Diagnostic("not-before", "Not an earlier step", detail, f"add {step.restart_from} to its needs", span)


def _wrong(detail: str, hint: str, span: Span) -> Diagnostic:
    return Diagnostic("wrong-type", "Wrong type", detail, hint, span)
