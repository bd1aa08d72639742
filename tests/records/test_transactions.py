"""No transaction calls the rest of the server: what it needs from there is passed in as values, before its lock."""

import collections.abc
import importlib
import inspect
import pkgutil
import typing
from collections.abc import Callable, Iterator
from typing import Any

from sqlalchemy.orm import Session

import netboot.records.aggregates

MODULES = [
    importlib.import_module(found.name)
    for found in pkgutil.walk_packages(netboot.records.__path__, "netboot.records.")
    if ".migrations" not in found.name
]


def transactions() -> Iterator[Callable[..., Any]]:
    """What opens a transaction, and all that is called in one: methods of aggregates, functions that get a session."""
    for module in MODULES:
        for _, kind in inspect.getmembers(module, inspect.isclass):
            if kind.__module__ == module.__name__ and module.__name__.startswith(netboot.records.aggregates.__name__):
                yield from (method for name, method in inspect.getmembers(kind, inspect.isfunction) if name[0] != "_")
        for _, function in inspect.getmembers(module, inspect.isfunction):
            if function.__module__ == module.__name__ and Session in typing.get_type_hints(function).values():
                yield function


def is_called(hint: Any) -> bool:
    """Whether a value of this type may be called."""
    return typing.get_origin(hint) is collections.abc.Callable or any(map(is_called, typing.get_args(hint)))


def test_what_is_passed_to_a_transaction_are_values() -> None:
    found = set(transactions())
    assert {function.__qualname__ for function in found} >= {"Visits.greet", "Machines.merge", "greet", "find_or_add"}
    takes = {
        function.__qualname__ for function in found if any(map(is_called, typing.get_type_hints(function).values()))
    }
    assert not takes
