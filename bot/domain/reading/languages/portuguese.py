"""Portuguese, for the reading of answers."""

from __future__ import annotations

from bot.domain.reading.languages.language import Language, listed

PORTUGUESE = Language(
    yes=listed(
        "sim | sim por favor | sim claro | claro | claro que sim | com certeza | sim com"
        " certeza | com certeza que sim | sem dúvida | sim sem dúvida | certamente | de acordo |"
        " estou de acordo | concordo | eu concordo | sim concordo | pode avançar | podem avançar"
        " | sim pode avançar | pode seguir | podem seguir | pode fazer | podem fazer | pode"
        " prosseguir | força | avance | avancem | por mim tudo bem | por mim sim | sou a favor |"
        " estou a favor | luz verde | polegar para cima | com todo o gosto"
    ),
    no=listed(
        "não | não obrigado | não obrigada | claro que não | com certeza que não | de jeito"
        " nenhum | de maneira nenhuma | de modo algum | nem pensar | nada disso | discordo | sou"
        " contra | estou contra | infelizmente não | melhor não | é melhor não | negativo |"
        " polegar para baixo"
    ),
    approve=listed(
        "aprovado | aprovada | aprovo | eu aprovo | está aprovado | está aprovada | fica"
        " aprovado | autorizado | autorizada | autorizo | eu autorizo | aceito | aceite |"
        " deferido"
    ),
    reject=listed(
        "rejeitado | rejeitada | rejeito | eu rejeito | está rejeitado | recusado | recusada |"
        " recuso | eu recuso | indeferido | negado | reprovado | reprovada"
    ),
    nods=listed(
        "certo | está bem | tá bem | tá bom | tá | tudo bem | beleza | perfeito | okay | muito bem"
    ),
    please=listed("por favor | se faz favor | faz favor"),
    thanks=listed(
        "obrigado | obrigada | muito obrigado | muito obrigada | obrigadão | obrigado por"
        " perguntar | obrigada por perguntar | valeu | agradeço | agradecido | agradecida"
    ),
    regret=listed("desculpe | desculpa | infelizmente | lamento | sinto muito"),
    for_my_part=listed("da minha parte | por mim | para mim | para nós | do meu lado"),
    greetings=listed(
        "olá | oi | bom dia | boa tarde | boa noite | caro | cara | prezado | prezada | viva |"
        " olá a todos"
    ),
    farewells=listed(
        "abraço | abraços | um abraço | beijos | beijinhos | cumprimentos | com os melhores"
        " cumprimentos | melhores cumprimentos | atenciosamente | cordialmente | saudações | até"
        " logo | até breve | bom fim de semana | bom trabalho | att | obrigado | obrigada |"
        " muito obrigado | muito obrigada"
    ),
    brief_farewells=listed("abs | bjs"),
    because=listed("porque"),
    conditions=listed(
        "se | desde que | contanto que | caso | a menos | a não ser | salvo | exceto | condição"
        " | condições | quando | assim que | até | depois | antes | enquanto | mas | porém |"
        " contudo | todavia | entretanto | no entanto | embora | só | somente | apenas | talvez"
        " | porventura | possivelmente | provavelmente | depende | dependendo | em princípio |"
        " teoricamente | em teoria | quase | parcialmente | ou | senão | espera | espere |"
        " esperem | esperar | poderia | poderiam | deveria | deveriam | seria | gostaria | acho"
        " | creio | penso | espero | mais tarde | então | ainda | duvido | dúvida | dúvidas |"
        " brincadeira | conforme | reserva | reservas | por enquanto | por agora | para já |"
        " provisoriamente | pelo menos | em caso | pois"
    ),
    negations=listed(
        "não | nada | nunca | jamais | ninguém | nenhum | nenhuma | nem | sem | tampouco |"
        " contra | impossível"
    ),
    objections=listed(
        "objeção | objeções | objetar | opõe | opõem | opor | contra | inconveniente | importa"
        " | importas | incomoda | reservas"
    ),
    moments=listed(
        "segunda-feira | terça | terça-feira | quarta | quarta-feira | quinta | quinta-feira |"
        " sexta | sexta-feira | sábado | domingo | janeiro | fevereiro | março | abril | maio |"
        " junho | julho | agosto | setembro | outubro | novembro | dezembro | amanhã | ontem |"
        " hoje | agora | logo | breve | semana | mês | ano | manhã | tarde | noite | próximo |"
        " próxima"
    ),
    leanings_yes=listed(
        "sim | de acordo | concordo | aprovo | aprovado | autorizo | pode avançar | podem"
        " avançar | aceito | a favor | luz verde | minha aprovação | pode seguir | podem seguir"
    ),
    leanings_no=listed(
        "rejeito | rejeitado | recuso | recusado | contra | cedo demais | caro demais | muito"
        " caro | arriscado | parar | cancelar | discordo"
        " | cancelado | cancelada | revogado | retirado | anulado | adiado"
    ),
    refusing=listed(
        "rejeitar | rejeitado | recusar | recusado | recusa | negar | indeferir | reprovar"
    ),
    ordinals=(
        listed("primeiro | primeira | 1º | 1ª"),
        listed("segundo | segunda | 2º | 2ª"),
        listed("terceiro | terceira | 3º | 3ª"),
        listed("quarto | quarta | 4º | 4ª"),
        listed("quinto | quinta | 5º | 5ª"),
        listed("sexto | sexta | 6º | 6ª"),
    ),
    bare_ordinals=False,
    numerals=listed("um | dois | três | quatro | cinco | seis | sete | oito | nove | dez"),
    articles=listed("o | a"),
    option_words=listed("opção | número | alternativa | proposta | resposta"),
    choosing=listed(
        "escolho | prefiro | fico com | voto em | voto por | a minha escolha é | vamos com"
    ),
    joining=listed("e"),
    amounts=listed("quanto | quanta | quantos | quantas | que horas"),
)
