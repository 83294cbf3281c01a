package normalize

import "slices"

// monthOf returns the month that a lower-case word names in one of the larger
// European languages, 0 for none. Words that are common in other languages
// ("out of", "ago", "set") count only in their own.
func monthOf(w, lang string) int {
	switch w {
	case "out":
		return only(10, lang, "pt")
	case "set":
		return only(9, lang, "it", "pt")
	case "ago":
		return only(8, lang, "it", "es", "pt")
	case "mag":
		return only(5, lang, "it")
	case "gen":
		return only(1, lang, "it")
	case "mart": // "Wal-Mart 3"
		return only(3, lang, "tr")
	case "leden": // members, in Dutch
		return only(1, lang, "cs")
	case "ene":
		return only(1, lang, "es")
	case "jan", "january", "januari", "janvier", "janv", "enero", "gennaio", "januar", "jänner", "janeiro", "stycznia", "styczeń", "января",
		"tammikuuta", "ledna", "január", "ocak", "ianuarie", "ιανουαρίου", "січня":
		return 1
	case "feb", "febr", "february", "februari", "février", "fevrier", "févr", "fév", "febrero", "febbraio", "februar", "fevereiro", "fev", "lutego", "luty", "февраля",
		"helmikuuta", "února", "únor", "február", "şubat", "februarie", "φεβρουαρίου", "лютого":
		return 2
	case "mar", "march", "maart", "mrt", "mars", "marzo", "märz", "maerz", "mär", "marts", "março", "marca", "marzec", "марта",
		"maaliskuuta", "března", "březen", "március", "martie", "μαρτίου", "березня":
		return 3
	case "apr", "april", "avril", "avr", "abril", "abr", "aprile", "kwietnia", "kwiecień", "апреля",
		"huhtikuuta", "dubna", "duben", "április", "nisan", "aprilie", "απριλίου", "квітня":
		return 4
	case "may", "mei", "mai", "mayo", "maggio", "maj", "maio", "maja", "мая",
		"toukokuuta", "května", "květen", "május", "mayıs", "μαΐου", "травня":
		return 5
	case "jun", "june", "juni", "juin", "junio", "giugno", "giu", "junho", "czerwca", "czerwiec", "июня",
		"kesäkuuta", "června", "červen", "június", "haziran", "iunie", "ιουνίου", "червня":
		return 6
	case "jul", "july", "juli", "juillet", "juil", "julio", "luglio", "lug", "julho", "lipca", "lipiec", "июля",
		"heinäkuuta", "července", "červenec", "július", "temmuz", "iulie", "ιουλίου", "липня":
		return 7
	case "aug", "august", "augustus", "août", "aout", "agosto", "augusti", "sierpnia", "sierpień", "августа",
		"elokuuta", "srpna", "srpen", "augusztus", "ağustos", "αυγούστου", "серпня":
		return 8
	case "sep", "sept", "september", "septembre", "septiembre", "settembre", "setembro", "września", "wrzesień", "сентября",
		"syyskuuta", "září", "szeptember", "eylül", "septembrie", "σεπτεμβρίου", "вересня":
		return 9
	case "oct", "october", "okt", "oktober", "octobre", "octubre", "ottobre", "ott", "outubro", "października", "październik", "октября",
		"lokakuuta", "října", "říjen", "október", "ekim", "octombrie", "οκτωβρίου", "жовтня":
		return 10
	case "nov", "november", "novembre", "noviembre", "novembro", "listopada", "listopad", "ноября",
		"marraskuuta", "listopadu", "kasım", "noiembrie", "νοεμβρίου", "листопада":
		return 11
	case "dec", "december", "décembre", "decembre", "déc", "diciembre", "dic", "dicembre", "dezember", "dez", "dezembro", "desember", "grudnia", "grudzień", "декабря",
		"joulukuuta", "prosince", "prosinec", "aralık", "decembrie", "δεκεμβρίου", "грудня":
		return 12
	}
	return 0
}

func only(month int, lang string, langs ...string) int {
	if slices.Contains(langs, lang) {
		return month
	}
	return 0
}

// unit is a span of a relative date.
type unit int

const (
	noUnit unit = iota
	seconds
	minutes
	hours
	days
	weeks
	months
	years
)

// unitOf returns the unit a lower-case word names.
func unitOf(w string) unit {
	switch w {
	case "second", "seconds", "sec", "secs", "seconde", "seconden", "sekunde", "sekunden", "secondes", "segundo", "segundos", "secondi",
		"sekund", "sekunder", "sekundy", "сек", "секунд":
		return seconds
	case "minute", "minutes", "min", "mins", "minuut", "minuten", "minuto", "minutos", "minuti",
		"minut", "minuter", "minutter", "minuty", "мин", "минут", "минуты", "минуту":
		return minutes
	case "hour", "hours", "hr", "hrs", "uur", "uren", "uurtje", "stunde", "stunden", "heure", "heures", "hora", "horas", "ora", "ore", "h",
		"std", "stdn", "timme", "timmar", "tim", "time", "timer", "godzina", "godziny", "godzinę", "godzin", "godz", "час", "часа", "часов":
		return hours
	case "day", "days", "dag", "dagen", "tag", "tage", "tagen", "jour", "jours", "día", "días", "dia", "dias", "giorno", "giorni", "d",
		"dagar", "dage", "dager", "dni", "dzień", "день", "дня", "дней":
		return days
	case "week", "weeks", "wk", "wks", "weken", "weekje", "woche", "wochen", "semaine", "semaines", "semana", "semanas", "settimana", "settimane", "w",
		"wkn", "vecka", "veckan", "veckor", "uge", "uger", "uke", "uker", "tydzień", "tygodnie", "tygodni", "неделю", "недели", "недель":
		return weeks
	case "month", "months", "mo", "mos", "maand", "maanden", "mnd", "monat", "monate", "monaten", "mois", "mes", "meses", "mese", "mesi",
		"mndn", "månad", "månaden", "månader", "mån", "måned", "måneder", "miesiąc", "miesiące", "miesięcy", "mês", "месяц", "месяца", "месяцев":
		return months
	case "year", "years", "yr", "yrs", "jaar", "jaren", "jahr", "jahre", "jahren", "an", "ans", "año", "años", "ano", "anos", "anno", "anni", "y",
		"jr", "année", "år", "året", "rok", "lata", "lat", "год", "года", "лет":
		return years
	}
	return noUnit
}

// smallNumber reads the words for one to twelve that relative dates use.
func smallNumber(w string) int {
	switch w {
	case "a", "an", "one", "een", "één", "ein", "eine", "einem", "einer", "un", "une", "una", "uno", "n", "um", "uma", "en", "ett", "et":
		return 1
	case "two", "twee", "zwei", "deux", "dos", "due", "couple", "paar", "två", "to", "dois", "duas":
		return 2
	case "three", "drie", "drei", "trois", "tres", "tre", "três":
		return 3
	case "four", "vier", "quatre", "cuatro", "quattro":
		return 4
	case "five", "vijf", "fünf", "cinq", "cinco", "cinque":
		return 5
	case "six", "zes", "sechs", "seis", "sei":
		return 6
	case "seven", "zeven", "sieben", "sept", "siete", "sette":
		return 7
	case "eight", "acht", "huit", "ocho", "otto":
		return 8
	case "nine", "negen", "neun", "neuf", "nueve", "nove":
		return 9
	case "ten", "tien", "zehn", "dix", "diez", "dieci":
		return 10
	case "eleven", "elf", "onze", "once", "undici":
		return 11
	case "twelve", "twaalf", "zwölf", "douze", "doce", "dodici":
		return 12
	}
	return 0
}

// zoneOffset returns the seconds east of UTC that a zone name (upper case)
// stands for. Names used on several continents are left out, except the
// North American ones of RFC 5322.
func zoneOffset(name string) (int, bool) {
	switch name {
	case "Z", "UTC", "GMT", "UT", "WET":
		return 0, true
	case "CET", "MET", "WEST", "MEZ":
		return 3600, true
	case "CEST", "MEST", "EET", "MESZ":
		return 2 * 3600, true
	case "EEST", "MSK":
		return 3 * 3600, true
	case "EDT":
		return -4 * 3600, true
	case "EST", "CDT":
		return -5 * 3600, true
	case "CST", "MDT":
		return -6 * 3600, true
	case "MST", "PDT":
		return -7 * 3600, true
	case "PST":
		return -8 * 3600, true
	}
	return 0, false
}
