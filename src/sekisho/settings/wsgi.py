"""The WSGI application of one surface process: `SEKISHO_SURFACE=retailer_web gunicorn sekisho.settings.wsgi:application`."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "sekisho.settings.django")
application = get_wsgi_application()
