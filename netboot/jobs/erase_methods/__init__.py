"""The erase methods as the server knows them: one module a method, named as the method is, with its RULES."""

from collections.abc import Mapping
from importlib import import_module
from typing import Any, Final, get_args

from netboot.jobs.erase_methods.rules import MethodRules
from netboot.shared.erase_methods import Method, module_of


def _rules(name: Method) -> MethodRules[Any]:
    rules = import_module(f"{__name__}.{module_of(name)}").RULES
    if not isinstance(rules, MethodRules):
        raise TypeError(f"netboot/jobs/erase_methods/{module_of(name)}.py has no RULES")
    return rules


METHODS: Final[Mapping[Method, MethodRules[Any]]] = {name: _rules(name) for name in get_args(Method)}
