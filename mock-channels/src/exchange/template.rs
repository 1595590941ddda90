//! The small words of the table of operations, from which values are made.
//!
//! A template is text with words in braces: `{city}第{number:1..9}小学`.

/// A template, read.
#[derive(Debug, Clone)]
pub(super) struct Template(Vec<Part>);

/// A piece of a template.
#[derive(Debug, Clone)]
pub(super) enum Part {
    Text(String),
    Word(Word),
}

/// What a value is made from; everything arbitrary depends on the question alone.
#[derive(Debug, Clone)]
pub(super) enum Word {
    /// `one:A|B|C`
    OneOf(Vec<String>),
    /// `number:1..9`, both ends included.
    Number(i64, i64),
    /// `fen:100..900`; whole yuan where both ends are.
    Fen(i64, i64),
    /// `serial:33####@`: `#` becomes a digit, `@` a letter.
    Serial(String),
    /// `flag:90`: true in so many of a hundred cases.
    Flag(u64),
    /// `date:-30..0`: days from today.
    Days(i64, i64),
    /// `time:-24..0`: whole hours from now.
    Hours(i64, i64),
    /// `month`: the month before this one in the first row, and so on backwards.
    Month,
    /// `asked:NAME`: the parameter; `asked:NAME or WORD` where it may be left out.
    Asked(String, Option<Box<Word>>),
    /// `own:PAPER`: the number of a paper of the citizen, as the table's `papers` write it.
    Own(String),
    /// `citizen:FACT`
    Citizen(Fact),
    /// `city`: of the region asked for, else of the citizen, else of the province.
    City,
    /// `row`: 1 in the first row.
    Row,
}

/// What all departments know alike of a citizen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fact {
    Name,
    MaskedName,
    IdCard,
    Phone,
    Unit,
    Child,
    ChildBirth,
    House,
    HouseArea,
    Vin,
    BaseFen,
}

/// The same numbers, letters and words for the same seed.
pub(super) fn filled(pattern: &str, mut seed: u64) -> String {
    const LETTERS: &[u8] = b"ABCDEFGHJKLMNPQRSTUVWXYZ";
    let mut next = |count: u64| {
        let digit = seed % count;
        seed = (seed / count) ^ digit.wrapping_mul(0x9E37_79B9);
        digit
    };
    let character = |character| match character {
        '#' => char::from(b'0' + u8::try_from(next(10)).unwrap_or(0)),
        '@' => char::from(LETTERS[usize::try_from(next(24)).unwrap_or(0)]),
        other => other,
    };
    pattern.chars().map(character).collect()
}

impl Template {
    /// Reads one; the fault is for whoever wrote the table.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('{') {
            let (word, after) =
                after.split_once('}').ok_or_else(|| format!("`{text}`: a brace is open"))?;
            if !before.is_empty() {
                parts.push(Part::Text(before.to_owned()));
            }
            parts.push(Part::Word(Word::parse(word)?));
            rest = after;
        }
        if rest.contains('}') {
            return Err(format!("`{text}`: a brace too many"));
        }
        if !rest.is_empty() || parts.is_empty() {
            parts.push(Part::Text(rest.to_owned()));
        }
        Ok(Self(parts))
    }

    /// This text, with no words in it.
    pub(super) fn plain(text: &str) -> Self {
        Self(vec![Part::Text(text.to_owned())])
    }

    pub(super) fn parts(&self) -> &[Part] {
        &self.0
    }

    /// The only word, if there is nothing else: then the value keeps its type.
    pub(super) fn only_word(&self) -> Option<&Word> {
        match self.0.as_slice() {
            [Part::Word(word)] => Some(word),
            _ => None,
        }
    }

    /// Every word in it, also behind `or`.
    pub(super) fn words(&self) -> Vec<&Word> {
        let mut words = Vec::new();
        for part in &self.0 {
            let Part::Word(word) = part else { continue };
            words.push(word);
            if let Word::Asked(_, Some(otherwise)) = word {
                words.push(otherwise);
            }
        }
        words
    }
}

impl Word {
    fn parse(text: &str) -> Result<Self, String> {
        let (name, argument) = text.split_once(':').unwrap_or((text, ""));
        let wrong = || format!("`{{{text}}}`: `{argument}` does not fit `{name}`");
        let range = || range(argument).ok_or_else(wrong);
        match name {
            "one" => {
                let all: Vec<String> = argument.split('|').map(str::to_owned).collect();
                if all.len() < 2 || all.iter().any(String::is_empty) {
                    return Err(wrong());
                }
                Ok(Self::OneOf(all))
            }
            "number" => range().map(|(from, to)| Self::Number(from, to)),
            "fen" => range().map(|(from, to)| Self::Fen(from, to)),
            "date" => range().map(|(from, to)| Self::Days(from, to)),
            "time" => range().map(|(from, to)| Self::Hours(from, to)),
            "serial" if argument.contains(['#', '@']) => Ok(Self::Serial(argument.to_owned())),
            "flag" => match argument.parse() {
                Ok(percent @ 0..=100) => Ok(Self::Flag(percent)),
                Ok(_) | Err(_) => Err(wrong()),
            },
            "asked" => match argument.split_once(" or ") {
                Some((name, otherwise)) => {
                    Ok(Self::Asked(name.to_owned(), Some(Box::new(Self::parse(otherwise)?))))
                }
                None if !argument.is_empty() => Ok(Self::Asked(argument.to_owned(), None)),
                None => Err(wrong()),
            },
            "own" if !argument.is_empty() => Ok(Self::Own(argument.to_owned())),
            "citizen" => Fact::named(argument).map(Self::Citizen).ok_or_else(wrong),
            "month" if argument.is_empty() => Ok(Self::Month),
            "city" if argument.is_empty() => Ok(Self::City),
            "row" if argument.is_empty() => Ok(Self::Row),
            _ => Err(format!("`{{{text}}}` is no word of the table")),
        }
    }

    /// Whether it speaks of a citizen.
    pub(super) fn needs_citizen(&self) -> bool {
        matches!(self, Self::Own(_) | Self::Citizen(_))
    }
}

impl Fact {
    fn named(name: &str) -> Option<Self> {
        Some(match name {
            "name" => Self::Name,
            "masked_name" => Self::MaskedName,
            "id_card" => Self::IdCard,
            "phone" => Self::Phone,
            "unit" => Self::Unit,
            "child" => Self::Child,
            "child_birth" => Self::ChildBirth,
            "house" => Self::House,
            "house_area" => Self::HouseArea,
            "vin" => Self::Vin,
            "base_fen" => Self::BaseFen,
            _ => return None,
        })
    }
}

/// `-30..0`, not backwards.
pub(super) fn range(text: &str) -> Option<(i64, i64)> {
    let (from, to) = text.split_once("..")?;
    let (from, to) = (from.trim().parse().ok()?, to.trim().parse().ok()?);
    (from <= to).then_some((from, to))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates_are_text_and_words() {
        let template = Template::parse("{city}第{number:1..9}小学").unwrap();
        assert_eq!((template.parts().len(), template.words().len()), (4, 2));
        assert!(template.only_word().is_none());
        assert!(matches!(
            Template::parse("{fen:100..900}").unwrap().only_word(),
            Some(Word::Fen(100, 900))
        ));
        let asked = Template::parse("{asked:kind or one:A|B}").unwrap();
        assert_eq!(asked.words().len(), 2);
        assert!(Template::parse("").unwrap().only_word().is_none());
    }

    #[test]
    fn words_that_mean_nothing_are_refused() {
        for bad in [
            "{one:A}",
            "{one:A|}",
            "{number:9..1}",
            "{number:x}",
            "{serial:33}",
            "{flag:101}",
            "{asked:}",
            "{citizen:height}",
            "{colour}",
            "{city:1}",
            "{city",
            "city}",
        ] {
            assert!(Template::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn serials_repeat_and_keep_their_shape() {
        assert_eq!(filled("33-##", 7), filled("33-##", 7));
        assert_ne!(filled("########", 7), filled("########", 8));
        let text = filled("A#@", 12_345);
        let mut characters = text.chars();
        assert_eq!(characters.next(), Some('A'));
        assert!(characters.next().is_some_and(|digit| digit.is_ascii_digit()));
        assert!(characters.next().is_some_and(|letter| letter.is_ascii_uppercase()));
    }
}
