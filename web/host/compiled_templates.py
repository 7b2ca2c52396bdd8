"""Finds the templates that the build compiled into Python modules; nothing is parsed on the device."""

from __future__ import annotations

import importlib
from collections.abc import MutableMapping
from typing import Any

from jinja2 import BaseLoader, Environment, ModuleLoader, Template, TemplateNotFound

PACKAGE = "shouwen_templates"


class CompiledTemplates(BaseLoader):
    """Loads a template from the module that `Environment.compile_templates` made of it."""

    has_source_access = False

    def load(self, environment: Environment, name: str, globals: MutableMapping[str, Any] | None = None) -> Template:
        try:
            module = importlib.import_module(f"{PACKAGE}.{ModuleLoader.get_template_key(name)}")
        except ModuleNotFoundError as error:
            raise TemplateNotFound(name) from error
        values = environment.make_globals(globals)
        return environment.template_class.from_module_dict(environment, vars(module), values)
