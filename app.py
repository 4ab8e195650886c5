"""The Chalice app: registers the blueprints, nothing else."""

from chalice import Chalice

from chalicelib.api import api
from chalicelib.logs import configure
from chalicelib.pages import pages
from chalicelib.runtime import settings
from chalicelib.triggers import triggers

configure()
app = Chalice(app_name="vintner", configure_logs=False)
app.register_blueprint(api)
app.register_blueprint(triggers)
if settings().pages:
    app.register_blueprint(pages)
