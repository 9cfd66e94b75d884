"""A conversation in a real browser: typed, clicked and edited, in three languages."""

import pytest
from playwright.sync_api import Page, expect

from accounts.models import Membership
from hunts.chat_models import Conversation, Message
from hunts.models import Run
from tests.e2e.test_walk import audit, log_in
from tests.factories import MembershipFactory
from tests.harness.chat_answers import answer
from tests.harness.language_model import LanguageModelServer

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True), pytest.mark.timeout(240)]


@pytest.fixture
def member() -> Membership:
    return MembershipFactory()


def begin(page: Page, member: Membership, brief: str) -> None:
    log_in(page, member.user.email)
    page.goto("/hunts/new")
    page.get_by_label("Describe the companies").fill(brief)
    page.get_by_label("Describe the companies").press("Enter")


def say(page: Page, text: str) -> None:
    page.wait_for_load_state()  # until its script has run, Enter begins a new line
    page.get_by_label("Your message").fill(text)
    page.get_by_label("Your message").press("Enter")
    expect(page.locator(".message.user").last).to_have_text(text)


def test_from_a_brief_over_a_sample_to_the_whole_hunt(open_page, worker, member):
    page = open_page()
    begin(page, member, "Cybersecurity software companies")
    expect(page.get_by_text("What do you sell to them")).to_be_visible()
    say(page, "We sell security audits")
    expect(page.get_by_label("What you sell")).to_have_value("security audits")
    page.locator(".suggestions").get_by_role("button", name="United States").click()
    expect(page.get_by_role("button", name="Remove United States")).to_be_visible()

    page.get_by_label("Add to Countries").fill("Canada")
    page.get_by_label("Add to Countries").press("Enter")
    expect(page.locator(".message.edit")).to_contain_text("Canada")
    expect(page.locator('input[value="The company is based in the United States or Canada."]')).to_be_visible()
    page.get_by_role("button", name="Undo").click()
    expect(page.locator('input[value="The company is based in the United States."]')).to_be_visible()

    page.get_by_label("Companies to look at").fill("8")
    page.get_by_role("button", name="Judge 5 first · free").click()
    expect(page.get_by_text("This was a sample of 5")).to_be_visible(timeout=90_000)
    page.get_by_role("link", name="Adjust the profile").click()
    say(page, "also Canada")
    expect(page.get_by_role("button", name="Remove Canada")).to_be_visible()
    page.get_by_role("button", name="Start the hunt").click()
    expect(page.get_by_text("succeeded")).to_be_visible(timeout=90_000)
    sample, whole = Run.objects.order_by("pk")
    assert (sample.limit, whole.limit, sample.hunt_id) == (5, 8, whole.hunt_id)


@pytest.mark.parametrize(
    ("brief", "answers", "words"),
    [
        ("德国的物流软件公司，员工超过50人", ["我们卖仓库机器人", "不要咨询公司"], ["我要找的", "物流软件"]),
        ("Proizvođači nameštaja u Srbiji", ["Prodajemo lakove", "takođe Hrvatska"], ["Ovakve firme", "Srbija"]),
    ],
    ids=["zh", "sr"],
)
def test_a_conversation_in_another_language(open_page, member, brief, answers, words):
    page = open_page()
    begin(page, member, brief)
    for word in words:
        expect(page.locator(".message.assistant").first).to_contain_text(word)
    for number, said in enumerate(answers, start=2):
        say(page, said)
        expect(page.locator(".message.assistant .said:not(.writing)")).to_have_count(number)
    icp = Conversation.objects.get().icp
    assert icp.product
    assert icp.excluded or "HR" in icp.countries


def test_a_conversation_is_left_and_gone_on_with(open_page, member):
    page = open_page()
    begin(page, member, "Fintech companies in Germany")
    expect(page.get_by_text("What do you sell to them")).to_be_visible()
    page.get_by_text("More", exact=True).click()
    page.get_by_label("Save the profile as").fill("German fintechs")
    page.get_by_role("button", name="Save", exact=True).click()
    page.goto("/hunts/new")
    expect(page.get_by_role("button", name="German fintechs", exact=True)).to_be_visible()
    page.get_by_role("link", name="Fintech companies in Germany").click()
    say(page, "We sell audits")
    expect(page.get_by_label("What you sell")).to_have_value("audits")
    page.on("dialog", lambda dialog: dialog.accept())
    page.get_by_text("More", exact=True).click()
    page.get_by_role("button", name="Delete the conversation").click()
    expect(page.get_by_text("Nothing said yet")).to_be_visible()


def test_two_windows_of_one_conversation_are_both_right(open_page, member):
    first, second = open_page(), open_page()
    begin(first, member, "Fintech companies in Germany")
    expect(first.get_by_text("What do you sell to them")).to_be_visible()
    log_in(second, member.user.email)
    second.goto(Conversation.objects.get().get_absolute_url())
    say(first, "We sell audits")
    expect(first.get_by_label("What you sell")).to_have_value("audits")
    second.get_by_label("Add to Keywords").fill("open banking")
    second.get_by_label("Add to Keywords").press("Enter")
    expect(second.get_by_label("What you sell")).to_have_value("audits")
    expect(second.get_by_role("button", name="Remove open banking")).to_be_visible()
    assert Message.objects.filter(role=Message.Role.EDIT).exclude(text="").count() == 1


SPOKEN = {
    "en": ("We sell coolant pumps to machine shops", "Machine shops, then. **Where** are they?", "In Germany"),
    "zh": ("我们把冷却泵卖给机械加工厂", "好的，机械加工厂。**在哪里**？", "在德国"),
    "sr": ("Prodajemo pumpe mašinskim radionicama", "Dakle, mašinske radionice. **Gde** su?", "U Nemačkoj"),
}


@pytest.fixture
def model(settings):
    """A language model that answers as it was taught, and writes as fast as the test lets it."""
    replies = {brief: reply for brief, reply, _ in SPOKEN.values()}

    def script(question) -> str:
        said = question["text"]
        if said in replies:
            return answer(replies[said], product="coolant pumps", industries=["machining"], summary=said)
        return answer("OK.", product="coolant pumps", industries=["machining"], countries=["DE"])

    with LanguageModelServer(script, is_paced=True) as server:
        providers = {slug: dict(values) for slug, values in settings.PROVIDERS.items()}
        providers["openai"] |= {"api_key": "sk-test", "base_url": server.base_url, "model": "gpt-4.1-mini"}
        settings.PROVIDERS = providers
        settings.LANGUAGE_MODEL_ORDER = ["openai"]
        yield server


@pytest.mark.parametrize("language", SPOKEN)
def test_a_conversation_with_a_language_model(open_page, member, model, language):
    brief, reply, second = SPOKEN[language]
    page = open_page()
    begin(page, member, brief)
    writing = page.locator(".said.writing")
    expect(writing).to_be_visible()
    model.let_go(3)
    expect(writing).to_contain_text(reply[:6])
    page.reload()  # what was written so far is still there, and goes on
    expect(writing).to_contain_text(reply[:6])
    model.let_go(1_000)
    said = page.locator(".message.assistant .said:not(.writing)")
    expect(said).to_contain_text(reply.replace("**", ""))
    expect(said.locator("strong")).to_have_count(1)
    expect(page.get_by_label("What you sell")).to_have_value("coolant pumps")
    say(page, second)
    expect(page.get_by_role("button", name="Remove Germany")).to_be_visible()
    expect(page.locator(".message.assistant .soft").last).to_have_text("openai/gpt-4.1-mini")
    assert len(model.asked) == 2
    assert audit(page, "") == {}


def test_a_model_that_is_gone_leaves_an_answer_by_rules_and_a_way_to_ask_again(open_page, member, model):
    model.answer = lambda _question: "nonsense"
    model.let_go(1_000)
    page = open_page()
    begin(page, member, "Fintech companies in Germany")
    expect(page.get_by_text("What you said was read by rules instead")).to_be_visible()
    expect(page.get_by_role("button", name="Remove Germany")).to_be_visible()
    model.answer = lambda _question: answer("I am back.", industries=["fintech"], countries=["DE"])
    page.get_by_role("button", name="Ask the model again").click()
    expect(page.get_by_text("I am back.")).to_be_visible()
    assert Message.objects.filter(role=Message.Role.ASSISTANT).count() == 1


def test_what_somebody_types_beside_an_answer_is_still_there_when_it_comes(open_page, member, model):
    brief, reply, _second = SPOKEN["en"]
    page = open_page()
    begin(page, member, brief)
    expect(page.locator(".said.writing")).to_be_visible()
    page.get_by_label("New criterion").fill("The company exports.")
    model.let_go(1_000)
    expect(page.get_by_label("What you sell")).to_have_value("coolant pumps")
    expect(page.get_by_label("New criterion")).to_have_value("The company exports.")
    page.get_by_label("New criterion").press("Enter")
    expect(page.locator('input[value="The company exports."]')).to_be_visible()
    assert reply.replace("**", "") in page.locator(".message.assistant").last.inner_text()
