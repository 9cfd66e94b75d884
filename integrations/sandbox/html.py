"""Five web designs for the same pages: semantic, tables, divs, navigation at the bottom, and one that is a script."""

import html
import json
from collections.abc import Callable

from integrations.sandbox.catalogue import Person, SandboxCompany
from integrations.sandbox.hostile import Orders, orders_of
from integrations.sandbox.pages import Block, Page, Site

Design = Callable[[Site, Page, str], str]

_STYLE = "body{font-family:sans-serif;margin:2em auto;max-width:60em;line-height:1.5}.hp{display:none}"


def page_html(site: Site, page: Page) -> str:
    """Return the whole document that `site` serves for `page`."""
    if site.company.needs_browser:
        return _shell(site)
    return _document(site, page, _body(site, page))


def app_script(site: Site) -> str:
    """Return the script of a site that is empty without one: it holds every page and writes the one asked for."""
    pages = json.dumps({page.path: _body(site, page) for page in site.pages}, ensure_ascii=False)
    # The text is ours and escaped above; innerHTML is what such sites do.
    return (
        f"const PAGES = {pages};\n"
        "document.getElementById('root').innerHTML = PAGES[location.pathname] || '<p>404</p>';\n"
    )


def email_markup(address: str, form: str) -> str:
    """Return `address` as companies publish it: a link, plain, spelled out or in entities."""
    mailbox, _, domain = address.partition("@")
    if form == "link":
        return f'<a href="mailto:{html.escape(address)}">{html.escape(address)}</a>'
    if form == "at":
        return html.escape(f"{mailbox} [at] {domain}")
    if form == "at-dot":
        return html.escape(f"{mailbox} (at) {domain.replace('.', ' (dot) ')}")
    if form == "entities":
        return "".join(f"&#{ord(character)};" for character in address)
    return html.escape(address)


def _document(site: Site, page: Page, body: str) -> str:
    company = site.company
    title = f"{page.label} | {company.name}" if page.kind != "home" else f"{company.name}: {company.tagline}"
    charset = "gb18030" if company.quirk == "gbk" else "utf-8"
    return (
        f'<!doctype html>\n<html lang="{_tag(company)}">\n<head>\n<meta charset="{charset}">\n'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">\n<title>{html.escape(title)}</title>\n'
        f'<meta name="description" content="{html.escape(company.tagline)}">\n'
        f"<style>{_STYLE}</style>\n{_json_ld(site)}</head>\n<body>\n{body}\n</body>\n</html>\n"
    )


def _shell(site: Site) -> str:
    company = site.company
    return (
        f'<!doctype html><html lang="{_tag(company)}"><head><meta charset="utf-8">'
        f"<title>{html.escape(company.name)}</title>"
        '<script src="/assets/app.js" defer></script></head>'
        '<body><div id="root"></div>'
        f"<noscript>{html.escape(site.words['noscript'])}</noscript></body></html>"
    )


def _tag(company: SandboxCompany) -> str:
    return {"zh": "zh-Hans", "sr": "sr-Latn"}.get(company.language, company.language)


def _json_ld(site: Site) -> str:
    company, orders = site.company, orders_of(site.company)
    if not orders and not company.pick("json-ld", (True, True, False)):
        return ""
    organisation: dict[str, object] = {
        "@context": "https://schema.org",
        "@type": "Organization",
        "name": company.name,
        "url": f"http://{company.domain_of_content}/",
        "description": orders.structured if orders else company.tagline,
        "email": company.email,
        "telephone": company.phone,
        "address": {
            "@type": "PostalAddress",
            "streetAddress": company.street,
            "postalCode": company.postcode,
            "addressLocality": company.city,
            "addressCountry": company.country,
        },
    }
    if company.employees and company.pick("json-ld-size", (True, False)):
        organisation["numberOfEmployees"] = {"@type": "QuantitativeValue", "value": company.employees}
    told = json.dumps(organisation, ensure_ascii=False).replace("<", "\\u003c")
    return f'<script type="application/ld+json">{told}</script>\n'


def _body(site: Site, page: Page) -> str:
    designs: tuple[Design, ...] = (_semantic, _tables, _divs, _footer_navigation)
    content = "\n".join(_block(site, block) for block in page.blocks)
    orders = orders_of(site.company)
    if orders:
        content = _with_orders(content, orders)
    return site.company.pick("design", designs)(site, page, content)


def _with_orders(content: str, orders: Orders) -> str:
    """Return `content` with the orders in sight, out of sight, in a comment and on a picture."""
    return (
        f"<!-- {orders.comment.replace('--', '- -')} -->\n{content}\n<p>{html.escape(orders.visible)}</p>\n"
        f'<div style="display:none">{html.escape(orders.hidden)}</div>\n'
        f'<img src="/assets/logo.png" alt="{html.escape(orders.picture)}" width="1" height="1">'
    )


def _block(site: Site, block: Block) -> str:
    company = site.company
    if block.kind == "heading":
        return f"<h2>{html.escape(block.text)}</h2>"
    if block.kind == "bullets":
        return "<ul>\n" + "\n".join(f"<li>{html.escape(item)}</li>" for item in block.items) + "\n</ul>"
    if block.kind == "lines":
        return "<p>" + "<br>\n".join(html.escape(item) for item in block.items) + "</p>"
    if block.kind == "people":
        return _people(company, block.people)
    if block.kind == "email":
        form = company.pick("email", ("link", "text", "at", "at-dot", "entities"))
        return f"<p>{html.escape(site.words['email'])}: {email_markup(block.text, form)}</p>"
    if block.kind == "form":
        return _form(site)
    return f"<p>{html.escape(block.text)}</p>"


def _people(company: SandboxCompany, people: tuple[Person, ...]) -> str:
    rows = [(html.escape(person.name), html.escape(person.title), _mail_of(company, person)) for person in people]
    shape = company.pick("people", ("cards", "table", "list"))
    if shape == "table":
        cells = "\n".join(f"<tr><td>{name}</td><td>{title}</td><td>{mail}</td></tr>" for name, title, mail in rows)
        return f"<table>\n{cells}\n</table>"
    if shape == "list":
        told = (
            f"<li><strong>{name}</strong>, {title}{' · ' + mail if mail else ''}</li>" for name, title, mail in rows
        )
        return "<ul>\n" + "\n".join(told) + "\n</ul>"
    cards = (
        f'<div class="card"><h3>{name}</h3>\n<p>{title}</p>\n{f"<p>{mail}</p>" if mail else ""}</div>'
        for name, title, mail in rows
    )
    return "\n".join(cards)


def _mail_of(company: SandboxCompany, person: Person) -> str:
    if not person.mailbox:
        return ""
    form = company.pick("staff-email", ("link", "text", "at"))
    return email_markup(f"{person.mailbox}@{company.domain_of_content}", form)


def _form(site: Site) -> str:
    words = site.words
    return (
        '<form method="post" action="">\n'
        f'<label>{html.escape(words["form_name"])} <input name="name" required></label>\n'
        f'<label>{html.escape(words["email"])} <input type="email" name="email" required></label>\n'
        f'<label>{html.escape(words["form_message"])} <textarea name="message" required></textarea></label>\n'
        '<input class="hp" name="website" tabindex="-1" autocomplete="off">\n'
        f"<button>{html.escape(words['form_send'])}</button>\n</form>"
    )


def _navigation(site: Site, separator: str) -> str:
    return separator.join(f'<a href="{html.escape(page.path)}">{html.escape(page.label)}</a>' for page in site.pages)


def _footer(site: Site) -> str:
    company = site.company
    return f"© 2026 {html.escape(company.name)} · {html.escape(company.city)} · {html.escape(site.slogan)}"


def _semantic(site: Site, page: Page, content: str) -> str:
    return (
        f'<header><a href="/" class="logo">{html.escape(site.company.name)}</a>\n'
        f"<nav>{_navigation(site, ' ')}</nav></header>\n"
        f'<div class="cookie-banner" role="dialog">{html.escape(site.cookies)} <button>OK</button></div>\n'
        f"<main>\n{content}\n</main>\n<footer><p>{_footer(site)}</p></footer>"
    )


def _tables(site: Site, page: Page, content: str) -> str:
    return (
        f'<table width="900" border="0"><tr><td colspan="2"><h1>{html.escape(site.company.name)}</h1></td></tr>\n'
        f'<tr><td width="180" valign="top">{_navigation(site, "<br>")}</td>\n<td valign="top">{content}</td></tr>\n'
        f'<tr><td colspan="2"><small>{_footer(site)}</small></td></tr></table>'
    )


def _divs(site: Site, page: Page, content: str) -> str:
    return (
        f'<div id="wrap"><div id="top"><div class="brand">{html.escape(site.company.name)}</div>'
        f'<div class="menu"><div>{_navigation(site, "</div><div>")}</div></div></div>\n'
        f'<div id="content"><div class="inner">{content}</div></div>\n'
        f'<div id="foot">{_footer(site)}</div>\n<div id="cookie-notice">{html.escape(site.cookies)}</div></div>'
    )


def _footer_navigation(site: Site, page: Page, content: str) -> str:
    mail = email_markup(site.company.email, "text")
    return (
        f'<section class="hero"><h1>{html.escape(site.company.name)}</h1></section>\n<article>{content}</article>\n'
        f'<footer><ul class="links"><li>{_navigation(site, "</li><li>")}</li></ul>\n'
        f"<p>{_footer(site)}<br>{html.escape(site.company.phone)} · {mail}</p>\n"
        f'<p class="cookies">{html.escape(site.cookies)}</p></footer>'
    )
