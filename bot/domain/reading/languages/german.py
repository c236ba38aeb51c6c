"""German, for the reading of answers."""

from __future__ import annotations

from bot.domain.reading.languages.language import Language, listed

GERMAN = Language(
    yes=listed(
        "ja | machen wir | jep | jepp |"
        " jap | jup | jupp | jo | jawohl | ja bitte | ja gerne | ja gern |"
        " gerne | ja klar | klar | na klar | ja natürlich | natürlich | selbstverständlich | ja"
        " passt | passt | passt so | das passt | passt mir | passt für mich | passt für uns |"
        " geht klar | in ordnung | ist in ordnung | das ist in ordnung | auf jeden fall | ja auf"
        " jeden fall | auf alle fälle | mach das | macht das | machen wir | ja machen | ja mach"
        " das | unbedingt | ja unbedingt | einverstanden | ich bin einverstanden | bin"
        " einverstanden | bin dafür | ich bin dafür | stimme zu | ich stimme zu | ich stimme dem"
        " zu | daumen hoch | sehr gerne | ja sehr gerne"
    ),
    no=listed(
        "nein | nö | nee | ne danke | nein danke | nö danke | nee danke | leider nein | nein"
        " leider | nein leider nicht | auf keinen fall | nein auf keinen fall | keinesfalls |"
        " bitte nicht | nein bitte nicht | ich bin dagegen | bin dagegen | dagegen | daumen"
        " runter | kommt nicht in frage | lieber nicht"
    ),
    approve=listed(
        "genehmigt | ist genehmigt | hiermit genehmigt | ich genehmige | ich genehmige das |"
        " ich genehmige es | genehmige ich | freigegeben | ist freigegeben | hiermit freigegeben"
        " | ich gebe frei | freigabe erteilt | bewilligt | zugestimmt"
    ),
    reject=listed(
        "abgelehnt | ist abgelehnt | hiermit abgelehnt | ich lehne ab | ich lehne das ab |"
        " lehne ab | ich lehne es ab | lehne ich ab | das lehne ich ab | abgewiesen | ablehnen"
    ),
    nods=listed("oki | okidoki"),
    please=listed("bitte | bitte schön"),
    thanks=listed(
        "danke | danke dir | danke euch | danke ihnen | vielen dank | besten dank | herzlichen"
        " dank | danke schön | dankeschön | danke sehr | tausend dank | danke für die nachfrage"
        " | merci"
    ),
    regret=listed("leider | sorry | tut mir leid | es tut mir leid | entschuldigung"),
    for_my_part=listed(
        "von mir | von meiner seite | meinerseits | für mich | für uns | von uns | unsererseits"
    ),
    greetings=listed(
        "hallo | hi | hey | moin | moin moin | servus | guten morgen | guten tag | guten abend"
        " | grüß gott | grüezi | hallo zusammen | liebe | lieber | sehr geehrte | sehr geehrter"
        " | tag"
    ),
    farewells=listed(
        "grüße | gruß | viele grüße | liebe grüße | beste grüße | schöne grüße | herzliche"
        " grüße | freundliche grüße | mit freundlichen grüßen | mit besten grüßen | mit"
        " freundlichem gruß | viele liebe grüße | bis dann | schönen tag | schönen tag noch |"
        " einen schönen tag | schönes wochenende | schönen abend | schönen gruß | danke und gruß"
        " | danke und viele grüße | danke | vielen dank"
    ),
    brief_farewells=listed("lg | vg | mfg | bg | gr"),
    because=listed("weil"),
    conditions=listed(
        "wenn | falls | sofern | solange | sobald | bis | bevor | nachdem | außer |"
        " vorausgesetzt | voraussetzung | unter der bedingung | bedingung | vorbehalt |"
        " vorbehaltlich | aber | jedoch | allerdings | doch | trotzdem | obwohl | nur | bloß |"
        " erst | vielleicht | eventuell | ggf | gegebenenfalls | möglicherweise | wahrscheinlich"
        " | vermutlich | eigentlich | im prinzip | prinzipiell | grundsätzlich | theoretisch |"
        " könnte | könnten | würde | würden | sollte | sollten | müsste | wäre | hätte | oder |"
        " entweder | sondern | ob | später | dann | noch | teilweise | halb | fast | jein | na |"
        " naja | mal sehen | kommt darauf an | kommt drauf an | hängt | moment | warte | warten"
        " | stopp | glaube | denke | schätze | hoffentlich | ansonsten | sonst | ausgenommen |"
        " ausnahme | einschränkung | bedenken | zweifel | unsicher | unklar | scherz | spaß |"
        " kaum | während | vorläufig | zunächst | dagegen | hingegen | wohl | egal"
    ),
    negations=listed(
        "nicht | nichts | nie | niemals | niemand | nirgends | kein | keine | keinen | keinem |"
        " keiner | keines | nein | nö | ohne | weder | noch | keinesfalls | keineswegs | gegen |"
        " ned | net | nich"
    ),
    objections=listed(
        "einwand | einwände | einwänden | einspruch | dagegen | bedenken | etwas gegen | was"
        " gegen | widerspruch | widersprechen | widerspricht | spricht gegen | stört | ausmachen"
        " | macht es"
    ),
    moments=listed(
        "montag | dienstag | mittwoch | donnerstag | freitag | samstag | sonnabend | sonntag |"
        " januar | februar | märz | mai | juni | juli | oktober | dezember | heute | morgen |"
        " übermorgen | gestern | jetzt | bald | gleich | woche | monat | jahr | wochenende |"
        " mittag | abend | nächste | nächsten | nächstes | demnächst | irgendwann | sofort"
    ),
    leanings_yes=listed(
        "ja | einverstanden | genehmige | genehmigt | freigabe | freigegeben | stimme zu |"
        " passt | in ordnung | dafür | grünes licht | macht das | mach das | könnt ihr machen |"
        " gerne | zustimmen | meinen segen | befürworte | unterstütze"
    ),
    leanings_no=listed(
        "ablehnen | lehne | abgelehnt | dagegen | zu früh | zu teuer | zu riskant | stoppen |"
        " stoppt | verzichten | unterlassen | raus | absagen"
        " | widerrufen | storniert | zurückgezogen | zurückziehen | ups | vergiss es"
        " | abgebrochen | verschoben | ungültig"
    ),
    refusing=listed(
        "ablehnen | abgelehnt | ablehnung | abweisen | verweigern | absagen | zurückweisen"
    ),
    ordinals=(
        listed("erste | ersten | erster | erstes"),
        listed("zweite | zweiten | zweiter | zweites"),
        listed("dritte | dritten | dritter | drittes"),
        listed("vierte | vierten | vierter | viertes"),
        listed("fünfte | fünften | fünfter | fünftes"),
        listed("sechste | sechsten | sechster | sechstes"),
    ),
    numerals=listed("eins | zwei | drei | vier | fünf | sechs | sieben | acht | neun | zehn"),
    articles=listed("der | die | das | den | dem"),
    option_words=listed("option | nummer | nr | variante | möglichkeit | vorschlag | antwort"),
    choosing=listed(
        "ich nehme | ich wähle | ich bin für | nehmen wir | wir nehmen | ich stimme für | meine"
        " wahl ist"
    ),
    joining=listed("und | sowie"),
    amounts=listed(
        "wie viel | wie viele | wieviel | wieviele | wie lange | wie oft | um wie viel uhr |"
        " wie alt"
    ),
)
