"""Dutch, for the reading of answers."""

from __future__ import annotations

from bot.domain.reading.languages.language import Language, listed

DUTCH = Language(
    yes=listed(
        "ja | jep | jazeker | ja zeker | ja hoor | ja graag | graag | ja natuurlijk |"
        " natuurlijk | uiteraard | ja uiteraard | vanzelfsprekend | akkoord | ja akkoord | ik"
        " ben akkoord | ik ga akkoord | ga akkoord | helemaal akkoord | mee eens | ik ben het"
        " ermee eens | is goed | dat is goed | ja dat is goed | ja is goed | ja prima | doe maar"
        " | ja doe maar | ga je gang | ga uw gang | ga ervoor | ja doen | absoluut | ja absoluut"
        " | zeker weten | ik ben voor | groen licht | duim omhoog | ja alsjeblieft | ja"
        " alstublieft"
    ),
    no=listed(
        "nee | neen | nee bedankt | nee dank je | nee dank u | nee hoor | nee helaas | helaas"
        " niet | nee helaas niet | zeker niet | absoluut niet | natuurlijk niet | liever niet |"
        " nee liever niet | geen sprake van | geen denken aan | ik ben tegen | ik ben het er"
        " niet mee eens | duim omlaag | beter van niet"
    ),
    approve=listed(
        "goedgekeurd | is goedgekeurd | hierbij goedgekeurd | ik keur het goed | ik keur dit"
        " goed | keur ik goed | geaccordeerd | toegestaan | ik geef toestemming"
    ),
    reject=listed(
        "afgewezen | is afgewezen | afgekeurd | is afgekeurd | ik wijs het af | ik wijs dit af"
        " | ik keur het af | ik keur dit af | geweigerd | ik weiger"
    ),
    nods=listed("oké | okee | okido | in orde | prima zo | goed zo"),
    please=listed("alsjeblieft | alstublieft | aub"),
    thanks=listed(
        "bedankt | dank je | dank u | dank je wel | dankjewel | dank u wel | dankuwel | dank |"
        " hartelijk dank | heel erg bedankt | erg bedankt | veel dank | alvast bedankt | bedankt"
        " voor het vragen | dankje"
    ),
    regret=listed("helaas | sorry | het spijt me | spijtig genoeg | jammer genoeg"),
    for_my_part=listed(
        "voor mij | voor ons | van mij | van mijn kant | wat mij betreft | van onze kant"
    ),
    greetings=listed(
        "hallo | hoi | hey | goedemorgen | goedemiddag | goedenavond | goeiemorgen | beste |"
        " geachte | dag | hallo allemaal | hoi allemaal"
    ),
    farewells=listed(
        "groet | groeten | groetjes | met vriendelijke groet | met vriendelijke groeten |"
        " vriendelijke groet | hartelijke groet | hartelijke groeten | veel groetjes | fijne dag"
        " | fijne avond | prettig weekend | fijn weekend | tot dan | tot snel | liefs | bedankt"
        " | alvast bedankt | dank en groet"
    ),
    brief_farewells=listed("mvg | gr | grt"),
    because=listed("omdat"),
    conditions=listed(
        "als | indien | mits | tenzij | zolang | zodra | voordat | nadat | nadien | tot |"
        " totdat | wanneer | voorwaarde | voorwaarden | op voorwaarde | behalve | uitgezonderd |"
        " maar | echter | toch | hoewel | ofschoon | alleen | slechts | enkel | pas | misschien"
        " | wellicht | eventueel | mogelijk | waarschijnlijk | vermoedelijk | in principe |"
        " theoretisch | in theorie | eigenlijk | bijna | deels | gedeeltelijk | of | ofwel |"
        " anders | wacht | wachten | zou | zouden | moest | denk | geloof | vermoed | hoop |"
        " hopelijk | later | daarna | nog | twijfel | onzeker | grapje | hangt | ligt eraan |"
        " afhankelijk | voorbehoud | voorlopig | voorzichtig | mwah | tja | terwijl | minstens |"
        " nauwelijks | in geval"
    ),
    negations=listed(
        "niet | niets | niks | nooit | niemand | nergens | geen | geeneen | nee | neen | zonder"
        " | noch | tegen | onmogelijk | nimmer"
    ),
    objections=listed(
        "bezwaar | bezwaren | bezwaarlijk | tegen | op tegen | iets tegen | erg dat | vervelend"
        " | probleem met | bedenkingen"
    ),
    moments=listed(
        "maandag | dinsdag | woensdag | donderdag | vrijdag | zaterdag | zondag | januari |"
        " februari | maart | mei | juni | juli | augustus | oktober | vandaag | morgen |"
        " overmorgen | gisteren | nu | straks | binnenkort | week | maand | jaar | middag |"
        " avond | ochtend | volgende"
    ),
    leanings_yes=listed(
        "ja | akkoord | goedgekeurd | keur goed | groen licht | eens | mijn goedkeuring | ga je"
        " gang | doe maar | voorstander | toestemming | accepteer | steun"
    ),
    leanings_no=listed(
        "afgewezen | wijs af | afgekeurd | weiger | tegen | te vroeg | te duur | te riskant |"
        " stoppen | annuleren | afblazen | afkeuren | afwijzen"
        " | geannuleerd | ingetrokken | herroepen | oeps | uitgesteld | ongeldig"
    ),
    refusing=listed("afwijzen | afgewezen | afwijzing | weigeren | geweigerd | afkeuren"),
    ordinals=(
        listed("eerste | 1e | 1ste"),
        listed("tweede | 2e | 2de"),
        listed("derde | 3e | 3de"),
        listed("vierde | 4e | 4de"),
        listed("vijfde | 5e | 5de"),
        listed("zesde | 6e | 6de"),
    ),
    numerals=listed("een | twee | drie | vier | vijf | zes | zeven | acht | negen | tien"),
    articles=listed("de | het"),
    option_words=listed("optie | nummer | nr | keuze | mogelijkheid | voorstel | antwoord"),
    choosing=listed(
        "ik kies | ik kies voor | ik neem | doe maar | ik ga voor | we nemen | mijn keuze is"
    ),
    joining=listed("en"),
    amounts=listed("hoeveel | hoe lang | hoe vaak | hoe laat | hoe oud"),
)
