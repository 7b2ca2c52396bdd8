"""Working days: the national arrangement as data and layers above it."""

from py_core.calendars.national import national, read_calendar
from py_core.calendars.workdays import WorkCalendar

__all__ = ["WorkCalendar", "national", "read_calendar"]
