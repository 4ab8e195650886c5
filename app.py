"""The Chalice app: registers the blueprints, nothing else."""

from chalice import Chalice

from chalicelib.api import api
from chalicelib.pages import pages
from chalicelib.runtime import settings
from chalicelib.triggers import triggers

app = Chalice(app_name="vintner")
app.register_blueprint(api)
app.register_blueprint(triggers)
if settings().pages:
    app.register_blueprint(pages)
