"""
Reading a collection, page by page, with nothing lost, doubled or read for ever.

**How pages are asked for** is the dialect's to say, see :class:`~..dialects.base.Paging`: by number (v2), by
the rows before them (v1), by the link that the page before holds (F&O), or not at all (lists without pages).

**What ends a read** is what the server says, by three signs: counts of rows, counts of pages, and the link to
the next page. :meth:`.totals.Totals.judge` weighs them:

==============================================  ==========================================================
The server says                                 What is done
==============================================  ==========================================================
more follow, and nothing denies it              go on; an empty page is asked for once more, then an error
                                                (or, where the keys are listed, left to that check)
nothing follows, and nothing denies it          the end
both, or nothing                                the keys are listed, where they can be: as many rows are the
                                                end; else go on: an empty page is the end, asked for once more
the same, after a short first page              go on in pages of that size: the server may cap them
the same, of pages by offset that overlap       the first row in the opposite order tells whether it is the
                                                end
a short page, and that more follow              the page is asked for once more
another page number, or a page that came        the page is asked for once more, then ``PaginationError``
before
404 on the first page                           an error
204 or ``[]`` on the first page                 an empty collection; asked for once more where all is read
204 or ``[]`` there, and that rows there are    asked for once more, then an error
more rows, far behind those there at first      the keys are listed, and what is missing of them is read;
                                                where they cannot be listed, an error
a link that was followed before                 ``PaginationError``
a link to an empty page without a link          asked for once more, then the end; to no page: an error
page after page without a row that is new       ``PaginationError`` after 100 of them
==============================================  ==========================================================

**What moved meanwhile** is told by the keys of rows:

=================  =====================================================================================
Pages              A read that ends well holds every row that was there from beginning to end, because
=================  =====================================================================================
by number          all keys were listed, down to the first row read, and all came (:mod:`.roll_call`); of a
                   list too long for one answer, ordered by its growing key: two landmarks kept their ranks
by offset          each page begins with a row that was read (:mod:`.overlap`)
by link            the same, with ``$skip``; where the server takes no notice of it, or no key is known,
                   the links are followed: such a read does not count as complete
without pages      one answer is one moment
rows without keys  not told: counts that fall, or that are not reached, are an error
=================  =====================================================================================

What moved is read again, within bounds; else the read ends in ``IncompleteReadError``.

**Who does what**: :mod:`.opening` makes the call from the arguments; :mod:`.pages` walks; :mod:`.asking`
gives the next page, from :mod:`.page_source`, and doubts it by :mod:`.page_checks`; :mod:`.cursor` knows
where the read is, :mod:`.totals` what the server said, :mod:`.keys` which rows came.
"""
