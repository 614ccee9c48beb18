"""The Django app of the kit: its templates, tags and static files."""

from django.apps import AppConfig


class KitConfig(AppConfig):
    """Page furniture."""

    name = "sekisho.surfaces.kit"
