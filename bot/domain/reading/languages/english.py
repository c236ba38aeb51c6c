"""English, for the reading of answers."""

from __future__ import annotations

from bot.domain.reading.languages.language import Language, listed

ENGLISH = Language(
    yes=listed(
        "yes | y | yep | yup | yeah | yes please | please do | sure | sure thing | of course |"
        " absolutely | definitely | certainly | yes absolutely | yes definitely | yes of course"
        " | yes sure | yes certainly | go | go ahead | please go ahead | yes go ahead | go for"
        " it | do it | please proceed | proceed | ship it | lgtm | looks good | looks good to me"
        " | sounds good | sounds good to me | fine by me | fine with me | works for me | that"
        " works | that works for me | agreed | i agree | +1 | thumbs up | thumbs-up | it's a yes"
        " | it is a yes | that's a yes | that is a yes | hell yes | affirmative | by all means |"
        " aye"
    ),
    no=listed(
        "no | n | nope | nah | no thanks | no thank you | -1 | thumbs down | thumbs-down | i"
        " disagree | absolutely not | definitely not | certainly not | of course not | it's a no"
        " | it is a no | that's a no | that is a no | hell no | please don't | negative"
    ),
    approve=listed(
        "approve | approved | i approve | i approve it | i approve this | i approve that |"
        " approve it | approve this | i hereby approve | i hereby approve this | granted | you"
        " have my approval | i am in favour | i'm in favour | i am in favor | i'm in favor"
    ),
    reject=listed(
        "reject | rejected | i reject | i reject it | i reject this | reject it | reject this |"
        " deny | denied | decline | declined | i decline | i hereby reject this | vetoed | i"
        " veto this"
    ),
    nods=listed("ok | okay | okey | k | kk | okey-dokey | alright | all right | okie"),
    please=listed("please | pls | plz"),
    thanks=listed(
        "thanks | thank you | thx | ty | many thanks | thanks a lot | thanks so much | thank"
        " you so much | thank you very much | thanks very much | thanks for asking | thank you"
        " for asking | thanks for checking | thanks again | cheers | much appreciated"
    ),
    regret=listed(
        "sorry | i'm sorry | i am sorry | unfortunately | sadly | i'm afraid | i am afraid"
    ),
    for_my_part=listed(
        "from me | for me | from my side | on my side | from my end | from us | from our side"
    ),
    greetings=listed(
        "hi | hello | hey | dear | hi there | hello there | hey there | good morning | good"
        " afternoon | good evening | morning"
    ),
    farewells=listed(
        "best | best regards | kind regards | warm regards | regards | many regards | all the"
        " best | best wishes | sincerely | yours sincerely | yours | cheers | warmly | have a"
        " nice day | have a good day | have a great day | have a nice weekend | have a good"
        " weekend | thanks | thank you | many thanks | thanks and regards | thanks and best"
        " regards"
    ),
    brief_farewells=listed("br | kr | rgds"),
    because=listed("because"),
    conditions=listed(
        "as soon as | too early to | worrying |"
        " if | unless | until | till | once | when | whenever | after | before | provided |"
        " providing | assuming | assume | suppose | depending | depends | depend | subject to |"
        " as long as | so long as | in case | on condition | condition | conditions |"
        " conditional | conditionally | except | excluding | apart from | only | just | but |"
        " however | although | though | yet | still | otherwise | instead | rather | maybe |"
        " perhaps | probably | possibly | might | may | could | would | should | guess | suppose"
        " | think | unsure | uncertain | wonder | wondering | hopefully | in principle | in"
        " theory | theoretically | partly | partially | mostly | almost | wait | hold on |"
        " actually | either | or | whether | unclear | kidding | joking | sarcasm | eventually |"
        " later | then | with the exception | pending | tentatively | preliminary |"
        " provisionally | while | whereas | despite | nearly | hardly | barely | initially | ps"
        " | p.s | pps | nevertheless | nonetheless | concerns | concern | doubt | doubts | worry"
        " | worried"
    ),
    negations=listed(
        "not | no | none | never | nothing | nobody | nowhere | neither | nor | without |"
        " cannot | can't | cant | don't | dont | won't | wont | doesn't | doesnt | didn't |"
        " didnt | isn't | isnt | aren't | arent | wasn't | weren't | shouldn't | shouldnt |"
        " couldn't | couldnt | wouldn't | wouldnt | haven't | hasn't | hadn't | mustn't |"
        " needn't | ain't | nope | refuse | fail | fails | failed | lack | lacks | unable |"
        " against | oppose | opposed"
    ),
    objections=listed(
        "object | objects | objection | objections | mind | minds | against | oppose | opposed"
        " | opposes | veto | concern | concerns | reservations | problem with | issue with |"
        " disagree | disagrees | reason not | reasons not | reason against | reasons against"
    ),
    moments=listed(
        "monday | tuesday | wednesday | thursday | friday | saturday | sunday | january |"
        " february | march | april | may | june | july | august | september | october | november"
        " | december | today | tomorrow | yesterday | tonight | now | soon | next | week | month"
        " | year | weekend | morning | afternoon | evening | noon | night | someday | asap |"
        " immediately"
    ),
    leanings_yes=listed(
        "go ahead | yes | approve | approved | agree | agreed | happy to | happy with | fine"
        " with | fine by | good to go | green light | support | proceed | accept | sign off |"
        " signed off | ship it | do it | send it | in favour | in favor | looks good | sounds"
        " good | my blessing | my approval | granted"
    ),
    leanings_no=listed(
        "reject | rejected | decline | declined | deny | denied | against | oppose | stop |"
        " hold off | too early | too expensive | too risky | disagree | refuse | veto | call it"
        " off | drop it"
        " | cancel | cancelled | canceled | revoked | revoke | withdrawn | withdraw | undo"
        " | retracted | retract | scrap | forget it | oops | sike | psych | abort | aborted"
        " | void | postponed | delayed"
    ),
    refusing=listed(
        "reject | rejected | rejecting | decline | declined | declining | deny | denied |"
        " denying | refuse | refused | refusing | rejection | denial | dismiss | veto"
    ),
    ordinals=(
        listed("first | 1st"),
        listed("second | 2nd"),
        listed("third | 3rd"),
        listed("fourth | 4th"),
        listed("fifth | 5th"),
        listed("sixth | 6th"),
        listed("seventh | 7th"),
        listed("eighth | 8th"),
        listed("ninth | 9th"),
        listed("tenth | 10th"),
    ),
    numerals=listed("one | two | three | four | five | six | seven | eight | nine | ten"),
    articles=listed("the"),
    option_words=listed("option | number | nr | choice | answer | one"),
    choosing=listed(
        "i choose | i pick | i take | i'll take | i'd take | i go with | i'll go with | go with"
        " | let's go with | let's take | let's do | my choice is | my pick is | i vote for | i'd"
        " go with"
    ),
    joining=listed("and"),
    amounts=listed("how many | how much | how long | how often | how old | what time | how far"),
)
