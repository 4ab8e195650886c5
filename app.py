"""The Chalice app: registers the blueprints, nothing else."""

from chalice import Chalice

from chalicelib.api import api
from chalicelib.logs import configure
from chalicelib.pages import pages
from chalicelib.runtime import settings
from chalicelib.triggers import triggers

configure()
app = Chalice(app_name="vintner", configure_logs=False)
# As text, API Gateway would read any other encoding than UTF-8, and gzip, as UTF-8. Chalice's own list, of images and
# the like, is of no use here: looking through it takes a tenth of the time of a prediction.
app.api.binary_types[:] = ["text/csv"]
app.register_blueprint(api)
app.register_blueprint(triggers)
if settings().pages:
    app.register_blueprint(pages)
