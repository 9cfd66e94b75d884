import time

import pytest

from enrichment.form_fields import Control, kind_of
from enrichment.forms import MAX_FIELDS, MAX_FORMS, forms_in
from enrichment.markup import parse
from integrations.capabilities import FieldKind, FormField, FormKind, FoundForm

URL = "https://acme.example/kontakt?from=home"
MESSAGE = "<input type=email name=email><textarea name=message></textarea>"


def found(body: str, url: str = URL) -> tuple[FoundForm, ...]:
    return forms_in(parse(f"<html><body>{body}</body></html>"), url)


def only(body: str) -> FoundForm:
    [form] = found(body)
    return form


def field(body: str) -> FormField:
    """Return the one field that stands beside the message and the address in a form."""
    form = only(f"<form method=post>{MESSAGE}{body}</form>")
    [one] = [one for one in form.fields if one.name not in ("email", "message") or one.kind == "honeypot"]
    return one


@pytest.mark.parametrize(
    "body, kind",
    [
        (f"<form id=contact method=post><input name=name>{MESSAGE}<button>Send</button></form>", "contact"),
        (
            "<form><label>Ihr Name <input name=a></label><label>Nachricht <textarea name=b></textarea></label></form>",
            "contact",
        ),
        ("<form class=callback><input name=name placeholder=Имя><input type=tel name=p></form>", "contact"),
        ("<form action=/search><input name=q><button>Go</button></form>", "search"),
        ("<form role=search><input name=field placeholder=Suchen></form>", "search"),
        ("<form method=post><input name=user><input type=password name=pass></form>", "login"),
        (
            "<form method=post><input name=email><input type=password name=a><input type=password name=b></form>",
            "registration",
        ),
        ("<form action=/subscribe><input type=email name=email></form>", "newsletter"),
        ("<form><p>Nieuwsbrief</p><input type=email name=EMAIL><button>Abonneren</button></form>", "newsletter"),
        ("<form action=/cart/add><input name=quantity type=number><button>Add to cart</button></form>", "order"),
        ("<form action=/forgot><input type=email name=email><button>Reset password</button></form>", "other"),
        ("<form><select name=sort><option>Price</select></form>", "other"),
        ("<form><textarea name=text></textarea><button>Translate</button></form>", "other"),
    ],
    ids=range(13),
)
def test_a_form_is_known_by_what_it_asks(body: str, kind: FormKind) -> None:
    form = only(body)
    assert form.kind == kind
    assert 0 < form.confidence <= 1


def test_a_comment_under_an_article_is_less_surely_a_contact_form() -> None:
    letter = only(f"<form action=/contact method=post><input name=name>{MESSAGE}</form>")
    comment = only(f"<form id=commentform method=post><input name=author>{MESSAGE}</form>")
    assert (letter.kind, comment.kind) == ("contact", "contact")
    assert comment.confidence <= 0.6 < letter.confidence


@pytest.mark.parametrize(
    "label, kind",
    [
        ("Your name *", "name"),
        ("First name", "first_name"),
        ("E-mail address", "email"),
        ("Phone number", "phone"),
        ("Company", "company"),
        ("Job title", "job_title"),
        ("Website", "website"),
        ("Zip code", "postcode"),
        ("Subject", "subject"),
        ("Estimated budget", "budget"),
        ("Vor- und Nachname", "name"),
        ("Vorname", "first_name"),
        ("Nachname", "last_name"),
        ("E-Mail-Adresse", "email"),
        ("Telefonnummer", "phone"),
        ("Unternehmen", "company"),
        ("Straße und Hausnummer", "address"),
        ("PLZ", "postcode"),
        ("Ort", "city"),
        ("Betreff", "subject"),
        ("Prénom", "first_name"),
        ("Nom de famille", "last_name"),
        ("Nom et prénom", "name"),
        ("Courriel", "email"),
        ("Téléphone", "phone"),
        ("Société", "company"),
        ("Ville", "city"),
        ("Objet", "subject"),
        ("Nombre", "name"),
        ("Apellidos", "last_name"),
        ("Correo electrónico", "email"),
        ("Teléfono móvil", "phone"),
        ("Empresa", "company"),
        ("Asunto", "subject"),
        ("Cognome", "last_name"),
        ("Posta elettronica", "email"),
        ("Azienda", "company"),
        ("Oggetto", "subject"),
        ("Imię i nazwisko", "name"),
        ("Nazwisko", "last_name"),
        ("Adres e-mail", "email"),
        ("Kod pocztowy", "postcode"),
        ("Temat", "subject"),
        ("Sobrenome", "last_name"),
        ("Celular", "phone"),
        ("Assunto", "subject"),
        ("Voornaam", "first_name"),
        ("Bedrijfsnaam", "company"),
        ("Onderwerp", "subject"),
        ("Имя", "name"),
        ("Фамилия", "last_name"),
        ("Электронная почта", "email"),
        ("Почтовый индекс", "postcode"),
        ("Телефон", "phone"),
        ("Компания", "company"),
        ("Тема", "subject"),
        ("姓名", "name"),
        ("邮箱", "email"),
        ("联系电话", "phone"),
        ("公司名称", "company"),
        ("主题", "subject"),
        ("Ime i prezime", "name"),
        ("Презиме", "last_name"),
        ("Имејл", "email"),
        ("Preduzeće", "company"),
        ("Naslov poruke", "subject"),
        ("Username", "other"),
        ("Fax", "other"),
    ],
)
def test_a_label_says_in_many_languages_what_is_asked(label: str, kind: FieldKind) -> None:
    assert kind_of(Control(name="input_7", type="text", label=label)) == kind


@pytest.mark.parametrize(
    "body, kind",
    [
        ("<input name=your-firstName>", "first_name"),
        ("<input name=wpforms[fields][3] autocomplete='section-a billing family-name'>", "last_name"),
        ("<input name=x type=tel>", "phone"),
        ("<input name=x type=file>", "file"),
        ("<input name=x placeholder='Your company'>", "company"),
        ("<input name=x aria-label='Your company'>", "company"),
        ("<span id=who>Your company</span><input name=x aria-labelledby=who>", "company"),
        ("<input name=x title='Your company'>", "company"),
        ("<p>Your company</p><div><input name=x></div>", "company"),
        ("<table><tr><td>Your company<td><input name=x></table>", "company"),
        ("<select name=x aria-label=Regarding><option>Sales<option>Support</select>", "topic"),
        (
            "<select name=x><option>Austria<option>France<option>Germany<option>Italy<option>Spain<option>Oz</select>",
            "country",
        ),
        ("<input type=checkbox name=x id=c><label for=c>Ich stimme der Datenschutzerklärung zu</label>", "consent"),
        ("<input type=checkbox name=x> Принимаю условия", "consent"),
        ("<input type=checkbox name=x> Yes, send me the newsletter", "newsletter"),
        ("<textarea name=x aria-label='Delivery address'></textarea>", "address"),
        ("<textarea name=x readonly>Our terms</textarea>", "other"),
        ("<input type=hidden name=x>", "hidden"),
        ("<button name=x>Send</button>", "submit"),
    ],
    ids=range(19),
)
def test_a_field_is_known_by_type_autocomplete_label_or_the_words_before_it(body: str, kind: FieldKind) -> None:
    assert field(body).kind == kind


def test_words_belong_to_the_field_that_they_stand_before_and_to_no_other() -> None:
    form = only("<form>Company <input name=a> <input name=b>" + MESSAGE + "</form>")
    assert [one.kind for one in form.fields][:2] == ["company", "other"]


def test_a_lone_name_beside_a_family_name_is_the_first_name() -> None:
    form = only(f"<form><input name=a aria-label=Nom><input name=b aria-label=Prénom>{MESSAGE}</form>")
    assert [one.kind for one in form.fields][:2] == ["last_name", "first_name"]


def test_boxes_of_one_name_are_one_field_with_options() -> None:
    radio = field(
        "<fieldset><legend>Regarding</legend><label><input type=radio name=r value=1> Sales</label>"
        "<label><input type=radio name=r value=2> Support</label></fieldset>"
    )
    assert (radio.kind, radio.label, radio.options) == ("topic", "Regarding", ("Sales", "Support"))
    select = field("<select name=r><optgroup label=x><option value=1> Sales <option>Support</optgroup></select>")
    assert select.options == ("Sales", "Support")


@pytest.mark.parametrize("mark", ["required", "aria-required=true", "class='text required'", "aria-label='Firm *'"])
def test_a_required_field_is_known(mark: str) -> None:
    assert field(f"<input name=x {mark}>").is_required
    assert not field("<input name=x>").is_required


@pytest.mark.parametrize(
    "body",
    [
        "<input name=_gotcha style='display:none'>",
        "<input name=_gotcha>",
        "<input name=website_url_hp>",
        "<div style='position: absolute; left: -5000px'><input name=b_f00dcafe12345_ab tabindex=-1></div>",
        "<div style='display: none'><label>Website <input name=url></label></div>",
        "<p hidden><input name=x></p>",
        "<p class=visually-hidden><input name=url></p>",
        "<input name=x aria-hidden=true>",
        "<input name=x tabindex=-1 autocomplete=off>",
        "<label for=h>Leave this field empty</label><input name=x id=h>",
        "<label for=h>Dieses Feld bitte leer lassen</label><input name=x id=h>",
        "<label for=h>Ne remplissez pas ce champ</label><input name=x id=h>",
        "<label for=h>Не заполняйте это поле</label><input name=x id=h>",
        "<label for=h>请勿填写</label><input name=x id=h>",
        "<li class='gform_validation_container'><label>Phone <input name=input_9></label></li>",
        "<span class='wpcf7-form-control-wrap honeypot-12-wrap'><input name=honeypot-12></span>",
        "<div class='honeypot-textfield'><input name=url></div>",
        "<div class='wpforms-field-hp'><input name=wpforms[hp]></div>",
        "<textarea name=x tabindex=-1 aria-hidden=true style='position:absolute;left:-9999px'></textarea>",
        "<textarea name=ak_hp_textarea></textarea>",
    ],
    ids=range(20),
)
def test_a_trap_for_programs_is_known(body: str) -> None:
    assert field(body).kind == "honeypot"


def test_a_form_may_name_its_trap_itself() -> None:
    form = only(f"<form netlify-honeypot=nick><input name=nick>{MESSAGE}</form>")
    assert form.fields[0].kind == "honeypot"


@pytest.mark.parametrize(
    "body",
    [
        "<textarea name=x style='display:none' aria-hidden=true></textarea>",  # under an editor
        "<select name=x class=select2-hidden-accessible aria-hidden=true tabindex=-1><option>a</select>",
        "<input type=checkbox name=x style='opacity:0'>",  # drawn by the style sheet
        "<input type=file name=x style='display:none'>",
    ],
    ids=range(4),
)
def test_what_a_script_or_a_style_draws_anew_is_no_trap(body: str) -> None:
    assert field(body).kind != "honeypot"


def test_fields_of_a_step_that_opens_later_are_no_traps() -> None:
    form = only(f"<form><div style='display:none'><input name=name><input name=phone>{MESSAGE}</div></form>")
    assert [one.kind for one in form.fields] == ["name", "phone", "email", "message"]


@pytest.mark.parametrize(
    "body, captcha",
    [
        ("<div class=g-recaptcha data-sitekey=k></div>", "recaptcha"),
        ("<button class=g-recaptcha data-sitekey=k data-callback=send>Send</button>", "recaptcha"),
        ("<textarea name=g-recaptcha-response></textarea>", "recaptcha"),
        ("<input type=hidden name=_wpcf7_recaptcha_response>", "recaptcha"),
        ("<script src='https://www.google.com/recaptcha/api/challenge?k=1'></script>", "recaptcha"),
        ("<div class=h-captcha data-sitekey=k></div>", "hcaptcha"),
        ("<div class=cf-turnstile data-sitekey=k></div>", "turnstile"),
        ("<div class=frc-captcha data-sitekey=k></div>", "friendly"),
        ("<img src=/captcha.php><input name=code aria-label='Enter the characters you see in the image'>", "image"),
        ("<img src=/c.png><label>Sicherheitscode <input name=c></label>", "image"),
        ("<label>Введите код с картинки <input name=c></label>", "image"),
        ("<label>What is 3 + 4? <input name=c></label>", "question"),
        ("<label>7 + 2 = <input name=c></label>", "question"),
        ("<label>Was ist 5 plus 3 <input name=c></label>", "question"),
        ("<input name=nothing>", ""),
    ],
    ids=range(15),
)
def test_a_captcha_is_known(body: str, captcha: str) -> None:
    assert only(f"<form method=post>{MESSAGE}{body}</form>").captcha == captcha


def test_a_script_that_scores_visitors_guards_the_forms_to_people() -> None:
    script = "<script src='https://www.google.com/recaptcha/api.js?render=6Lc-abcdefghijklmnopqrst'></script>"
    letter, search = found(f"{script}<form method=post>{MESSAGE}</form><form role=search><input name=q></form>")
    assert (letter.captcha, search.captcha) == ("recaptcha", "")


@pytest.mark.parametrize(
    "form, action",
    [
        ("<form action=send.php>", "https://acme.example/send.php"),
        ("<form action=/a/b>", "https://acme.example/a/b"),
        ("<form action=//forms.example/x>", "https://forms.example/x"),
        ("<form>", URL),
        ("<form action=''>", URL),
        ("<form action='#'>", URL),
        ("<form action='javascript:send()'>", URL),
        ("<form action='mailto:info@acme.example'>", "mailto:info@acme.example"),
        ("<form action='data:text/html,x'>", ""),
        ("<form action='http://[bad'>", ""),
        ("<form action=/a><button formaction=/b>Send</button>", "https://acme.example/b"),
    ],
)
def test_the_action_is_an_absolute_address(form: str, action: str) -> None:
    assert only(f"{form}{MESSAGE}</form>").action == action


def test_the_action_goes_by_the_base_of_the_page_but_a_form_without_one_to_the_page() -> None:
    base = "<base href='https://cdn.example/x/'>"
    assert only(f"{base}<form action=send>{MESSAGE}</form>").action == "https://cdn.example/x/send"
    assert only(f"{base}<form>{MESSAGE}</form>").action == URL


def test_a_button_may_send_by_another_method() -> None:
    assert only(f"<form>{MESSAGE}<button formmethod=post>Send</button></form>").method == "post"
    assert only(f"<form>{MESSAGE}<button>Send</button></form>").method == "get"


def test_a_field_far_away_belongs_to_the_form_that_it_names() -> None:
    letter, search = found(f"<form id=f>{MESSAGE}</form><form><input name=q></form><input name=company form=f>")
    assert [one.name for one in letter.fields] == ["email", "message", "company"]
    assert [one.name for one in search.fields] == ["q"]


def test_what_is_disabled_is_not_sent_but_a_button_wakes() -> None:
    body = "<input name=a disabled><fieldset disabled><input name=b></fieldset><button name=c disabled>Send</button>"
    assert [one.name for one in only(f"<form>{MESSAGE}{body}</form>").fields] == ["email", "message", "c"]


@pytest.mark.parametrize(
    "body",
    [
        f"<table><form action=/send><tr><td>{MESSAGE}<button>Send</button></td></tr></form></table>",
        f"<div><form action=/send><input name=name></div>{MESSAGE}<button>Send</button></form>",
    ],
    ids=range(2),
)
def test_a_form_torn_apart_by_the_parser_is_made_whole(body: str) -> None:
    form = only(body)
    assert (form.kind, form.action) == ("contact", "https://acme.example/send")
    assert {"email", "message"} <= {one.name for one in form.fields}


def test_fields_without_a_form_are_one_when_they_belong_together() -> None:
    form = only(f"<div><div><input name=name>{MESSAGE}</div><button type=button>Send</button></div><input name=q>")
    assert (form.kind, form.action, form.method) == ("contact", URL, "post")
    assert [one.name for one in form.fields] == ["name", "email", "message", ""]


def test_a_lone_field_without_a_form_is_none() -> None:
    assert found("<textarea>window.code</textarea><input name=q>") == ()


@pytest.mark.parametrize(
    "body, action",
    [
        ("<iframe src='https://form.typeform.com/to/AbC123'></iframe>", "https://form.typeform.com/to/AbC123"),
        (
            "<iframe src='//docs.google.com/forms/d/e/x/viewform'></iframe>",
            "https://docs.google.com/forms/d/e/x/viewform",
        ),
        ("<iframe data-src='https://form.jotform.com/2345'></iframe>", "https://form.jotform.com/2345"),
        ("<script src='https://form.jotform.com/jsform/2345678'></script>", "https://form.jotform.com/2345678"),
        (
            "<div data-tf-live=AbC123></div><script src='//embed.typeform.com/next/embed.js'></script>",
            "https://form.typeform.com/to/AbC123",
        ),
        (
            "<script src='//js.hsforms.net/forms/v2.js'></script>"
            "<script>hbspt.forms.create({portalId: '12', formId: 'ab-34'});</script>",
            "https://api.hsforms.com/submissions/v3/integration/submit/12/ab-34",
        ),
        (
            "<script src='https://js.hsforms.net/forms/embed/12.js'></script>"
            "<div class=hs-form-frame data-portal-id=12 data-form-id=ab-34></div>",
            "https://api.hsforms.com/submissions/v3/integration/submit/12/ab-34",
        ),
    ],
    ids=range(7),
)
def test_a_form_that_a_provider_puts_into_the_page_is_known(body: str, action: str) -> None:
    form = only(body)
    assert (form.kind, form.action, form.fields) == ("contact", action, ())
    assert found(body, "https://acme.example/")[0].kind == "other"


def test_frames_that_hold_no_form_are_passed_by() -> None:
    assert found("<iframe src='https://www.youtube.com/embed/x'></iframe><script src=/app.js></script>") == ()


def test_it_leaves_the_page_as_it_was() -> None:
    tree = parse(f"<form><label>Name <input name=a></label>{MESSAGE}</form>")
    before = tree.html
    forms_in(tree, URL)
    assert tree.html == before


INPUT = "<input name=a>"


@pytest.mark.parametrize(
    "hostile",
    [
        "".join(f"<form><div></form><input name=a{number}><textarea></textarea>" for number in range(30)),
        "<form>" * 5_000 + MESSAGE,
        f"<form>{INPUT * 100_000}</form>",
        INPUT * 100_000,
        "<textarea></textarea>" * 50_000,
        f"<form>{INPUT}</form>" * 20_000,
        "<form><div>" * 20_000 + MESSAGE,
        "<form>" + "".join(f"<div>{'x' * 5_000}</div><p><b>{INPUT}</b></p>" for _ in range(400)) + MESSAGE,
        "<form>" + "<div>" * 300 + "x" * 500_000 + f"</div>{INPUT}" * 300 + MESSAGE,
        "<form>" + "<label for=a>" * 50_000 + "<input id=a><textarea>",
        "<form><select name=s>" + "<option>x" * 2_000 + "</select><textarea>",
        "<form>" + "<input type=radio name=r>x" * 50_000 + "<textarea>",
        "<form>" + "".join(f"<input aria-labelledby=i{number}>" for number in range(20_000)) + "<textarea>",
        "<form><input aria-label='" + "1 + " * 50_000 + "'><textarea placeholder='" + "do not " * 50_000 + "'>",
        "<form action='" + "a/" * 100_000 + "'><textarea name='" + "x_" * 100_000 + "'></textarea><input name=subject>",
        "<form><input style='" + "left:" * 100_000 + "'>" + MESSAGE,
        "<form><input style='" + "width : " * 50_000 + "'>" + MESSAGE,
        "<script src=//js.hsforms.net/x></script><script>" + "hbspt.forms.create({" * 20_000 + "</script>",
        "<iframe src='//form.jotform.com/1'></iframe>" * 20_000,
        "<div class=g-recaptcha></div>" * 50_000 + f"<form>{MESSAGE}</form>",
    ],
    ids=range(20),
)
def test_a_page_made_to_be_slow_costs_no_more_than_a_moment(hostile: str) -> None:
    tree = parse(hostile)
    started = time.process_time()
    forms = forms_in(tree, URL)
    assert time.process_time() - started < 4
    assert len(forms) <= MAX_FORMS
    assert all(len(form.fields) <= MAX_FIELDS for form in forms)
