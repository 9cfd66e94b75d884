"""A conversation in a real browser: typed, clicked and edited, in three languages."""

import pytest
from playwright.sync_api import Page, expect

from accounts.models import Membership
from hunts.models import Conversation, Message, Run
from tests.e2e.test_walk import log_in
from tests.factories import MembershipFactory

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
    for number, answer in enumerate(answers, start=2):
        say(page, answer)
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
