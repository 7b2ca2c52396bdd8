"""The one Jinja environment of the pages, the same on the server and in the browser's worker.

Owns how templates are found, escaped and translated. Must not know any page.
The project's own templates run under `StrictUndefined`: a name that a page forgot is an error, not a gap.
The GOV.UK macros rely on optional parameters, so their templates get a lenient twin of the environment.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, MutableMapping
from functools import cache
from typing import Any

from jinja2 import BaseLoader, Environment, PackageLoader, StrictUndefined, Template, TemplateNotFound, pass_context
from jinja2.runtime import Context, Undefined
from markupsafe import Markup, escape

from py_core.cases.attached import ATTACHMENTS_MAX, DEVICE_BYTES_MAX, FILE_BYTES_MAX, PHOTO_SIDE_MAX
from py_core.views import language
from py_core.views.runtime import PageCodeGenerator, PageContext

GOVUK_PREFIX = "govuk_frontend_jinja/"
EXTENSIONS = ("jinja2.ext.i18n", "jinja2.ext.do")

# The GOV.UK components that the pages use, with everything that these import themselves.
GOVUK_TEMPLATES = (
    "components/button/macro.html",
    "components/character-count/macro.html",
    "components/checkboxes/macro.html",
    "components/details/macro.html",
    "components/error-message/macro.html",
    "components/error-summary/macro.html",
    "components/fieldset/macro.html",
    "components/hint/macro.html",
    "components/input/macro.html",
    "components/inset-text/macro.html",
    "components/label/macro.html",
    "components/notification-banner/macro.html",
    "components/radios/macro.html",
    "components/select/macro.html",
    "components/skip-link/macro.html",
    "components/summary-list/macro.html",
    "components/textarea/macro.html",
    "components/warning-text/macro.html",
    "macros/attributes.html",
    "macros/i18n.html",
)


class TwoMannersLoader(BaseLoader):
    """Loads own templates for the strict environment and GOV.UK's for its lenient twin.

    `inner` finds both kinds under their full names; it may be a source loader or a `ModuleLoader`
    over the files that `Environment.compile_templates` wrote.
    """

    def __init__(self, inner: BaseLoader) -> None:
        self.inner = inner
        self.has_source_access = inner.has_source_access
        self.lenient: Environment | None = None

    def get_source(self, environment: Environment, template: str) -> tuple[str, str | None, Callable[[], bool] | None]:
        return self.inner.get_source(environment, template)

    def list_templates(self) -> list[str]:
        return self.inner.list_templates()

    def load(self, environment: Environment, name: str, globals: MutableMapping[str, Any] | None = None) -> Template:
        if name.startswith(GOVUK_PREFIX) and self.lenient is not None:
            return self.inner.load(self.lenient, name, globals)
        return self.inner.load(environment, name, globals)


class PackagedTemplates(BaseLoader):
    """The templates as packaged files: `py_core/views/templates` and the GOV.UK macros under their prefix."""

    def __init__(self) -> None:
        self.own = PackageLoader("py_core.views", "templates")
        self.govuk = PackageLoader("govuk_frontend_jinja")

    def get_source(self, environment: Environment, template: str) -> tuple[str, str | None, Callable[[], bool] | None]:
        if not template.startswith(GOVUK_PREFIX):
            return self.own.get_source(environment, template)
        try:
            return self.govuk.get_source(environment, template.removeprefix(GOVUK_PREFIX))
        except TemplateNotFound as error:
            raise TemplateNotFound(template) from error

    def list_templates(self) -> list[str]:
        return templates_to_compile(self.own.list_templates())


def templates_to_compile(own: Iterable[str] | None = None) -> list[str]:
    """Names of every template that the pages can ask for; a build step precompiles exactly these.

    Use it with `make_environment().compile_templates(target, filter_func=set(names).__contains__, zip=None)`;
    the result is read with `make_environment(ModuleLoader(target))`.
    """
    names = own if own is not None else PackageLoader("py_core.views", "templates").list_templates()
    return sorted([*names, *(GOVUK_PREFIX + name for name in GOVUK_TEMPLATES)])


def make_environment(loader: BaseLoader | None = None) -> Environment:
    """Builds the environment; `loader` finds templates under the names of `templates_to_compile`."""
    manners = TwoMannersLoader(loader or PackagedTemplates())
    strict = _environment(manners, StrictUndefined)
    manners.lenient = _environment(manners, Undefined)
    return strict


class PageEnvironment(Environment):
    """Reads `row.items` or `slip.copy` as the dict's own entry before the method of the same name."""

    context_class = PageContext
    code_generator_class = PageCodeGenerator

    def getattr(self, obj: Any, attribute: str) -> Any:
        if isinstance(obj, dict) and attribute in obj:
            return obj[attribute]
        return super().getattr(obj, attribute)


def _environment(loader: BaseLoader, undefined: type[Undefined]) -> Environment:
    environment = PageEnvironment(
        loader=loader,
        autoescape=True,
        undefined=undefined,
        extensions=EXTENSIONS,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        cache_size=-1,
    )
    environment.globals["file_limits"] = {
        "count": ATTACHMENTS_MAX,
        "bytes": FILE_BYTES_MAX,
        "megabytes": FILE_BYTES_MAX >> 20,
        "side": PHOTO_SIDE_MAX,
        "device": DEVICE_BYTES_MAX,
    }
    environment.globals["gap"] = _gap
    environment.filters["unbroken"] = _unbroken
    environment.newstyle_gettext = True  # type: ignore[attr-defined]
    environment.globals.update({"_": _gettext, "gettext": _gettext, "ngettext": _ngettext})
    return environment


_NUMBERS = re.compile(
    r"(?P<long>[0-9A-Za-z:/._?&;=%#~+-]{25,})|"  # an address of a page, wider than a column
    r"(?<![A-Za-z0-9_-])[0-9A-Z]+(?:-[0-9A-Z]+)+(?![A-Za-z0-9_-])"  # Chinese may touch it
    r"|(?:[0-9]{4}年)?[0-9]{1,2}月[0-9]{1,2}日|周[一二三四五六日]|〔[0-9]{4}〕[0-9]+号|第[0-9]+版"
    r"|(?<![0-9A-Za-z])[0-9]+ (?:h|min|s)(?![0-9A-Za-z])"
    r"|[0-9]+ (?:个工作日|件|份|天)"
)


def _unbroken(text: str) -> Markup:
    """A line whose numbers of phones, cases and documents, dates and counts no narrow paper breaks; none begins with a dot.

    A word that is too long for any column may break anywhere.
    """
    line = str(escape(text)).replace(" · ", "\u00a0· ")
    return Markup(
        _NUMBERS.sub(
            lambda found: f'<span class="sw-{"long" if found["long"] else "unbroken"}">{found.group()}</span>', line
        )
    )


@pass_context
def _gap(context: Context) -> str:
    """What stands between two sentences: Chinese needs nothing after its full stop."""
    return "" if context["lang"] == language.ZH else " "


@pass_context
def _gettext(context: Context, message: str, **named: Any) -> Markup:
    lang = context["lang"]
    return Markup(language.translate(lang, message)) % named if named else _fixed(lang, message)


@cache  # only what templates say themselves comes here: as many as the catalogue has
def _fixed(lang: str, message: str) -> Markup:
    """A message that names nothing; a percent sign is doubled in it as in the others."""
    return Markup(language.translate(lang, message)) % {}


@pass_context
def _ngettext(context: Context, singular: str, plural: str, num: int, **named: Any) -> Markup:
    return Markup(language.translate_count(context["lang"], singular, plural, num)) % {"num": num, **named}
