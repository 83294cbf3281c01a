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
	case "ene":
		return only(1, lang, "es")
	case "jan", "january", "januari", "janvier", "janv", "enero", "gennaio", "januar", "jänner", "janeiro", "stycznia", "styczeń", "января":
		return 1
	case "feb", "febr", "february", "februari", "février", "fevrier", "févr", "fév", "febrero", "febbraio", "februar", "fevereiro", "fev", "lutego", "luty", "февраля":
		return 2
	case "mar", "march", "maart", "mrt", "mars", "marzo", "märz", "maerz", "mär", "marts", "março", "marca", "marzec", "марта":
		return 3
	case "apr", "april", "avril", "avr", "abril", "abr", "aprile", "kwietnia", "kwiecień", "апреля":
		return 4
	case "may", "mei", "mai", "mayo", "maggio", "maj", "maio", "maja", "мая":
		return 5
	case "jun", "june", "juni", "juin", "junio", "giugno", "giu", "junho", "czerwca", "czerwiec", "июня":
		return 6
	case "jul", "july", "juli", "juillet", "juil", "julio", "luglio", "lug", "julho", "lipca", "lipiec", "июля":
		return 7
	case "aug", "august", "augustus", "août", "aout", "agosto", "augusti", "sierpnia", "sierpień", "августа":
		return 8
	case "sep", "sept", "september", "septembre", "septiembre", "settembre", "setembro", "września", "wrzesień", "сентября":
		return 9
	case "oct", "october", "okt", "oktober", "octobre", "octubre", "ottobre", "ott", "outubro", "października", "październik", "октября":
		return 10
	case "nov", "november", "novembre", "noviembre", "novembro", "listopada", "listopad", "ноября":
		return 11
	case "dec", "december", "décembre", "decembre", "déc", "diciembre", "dic", "dicembre", "dezember", "dez", "dezembro", "desember", "grudnia", "grudzień", "декабря":
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
	case "second", "seconds", "sec", "secs", "seconde", "seconden", "sekunde", "sekunden", "secondes", "segundo", "segundos", "secondi":
		return seconds
	case "minute", "minutes", "min", "mins", "minuut", "minuten", "minuto", "minutos", "minuti":
		return minutes
	case "hour", "hours", "hr", "hrs", "uur", "uren", "uurtje", "stunde", "stunden", "heure", "heures", "hora", "horas", "ora", "ore", "h":
		return hours
	case "day", "days", "dag", "dagen", "tag", "tage", "tagen", "jour", "jours", "día", "días", "dia", "dias", "giorno", "giorni", "d":
		return days
	case "week", "weeks", "wk", "wks", "weken", "weekje", "woche", "wochen", "semaine", "semaines", "semana", "semanas", "settimana", "settimane", "w":
		return weeks
	case "month", "months", "mo", "mos", "maand", "maanden", "mnd", "monat", "monate", "monaten", "mois", "mes", "meses", "mese", "mesi":
		return months
	case "year", "years", "yr", "yrs", "jaar", "jaren", "jahr", "jahre", "jahren", "an", "ans", "año", "años", "ano", "anos", "anno", "anni", "y":
		return years
	}
	return noUnit
}

// smallNumber reads the words for one to twelve that relative dates use.
func smallNumber(w string) int {
	switch w {
	case "a", "an", "one", "een", "één", "ein", "eine", "einem", "einer", "un", "une", "una", "uno", "n":
		return 1
	case "two", "twee", "zwei", "deux", "dos", "due", "couple", "paar":
		return 2
	case "three", "drie", "drei", "trois", "tres", "tre":
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
