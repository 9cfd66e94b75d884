"""How many rows a query has, as a column of another one: several counts in one look."""

from django.db.models import IntegerField, Subquery


class NumberOf(Subquery):
    """The number of rows of a query, which may refer to the outer one and be cut off at some number."""

    template = "(SELECT count(*) FROM (%(subquery)s) counted)"
    output_field = IntegerField()
