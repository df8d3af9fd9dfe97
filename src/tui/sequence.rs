//! Escape sequences for what is not on the screen: the title, and a desktop notice.

use super::options::NoticeForm;

/// Saves the terminal's title, so that it can be given back.
pub(super) const SAVE_TITLE: &str = "\x1b[22;2t";
/// Gives the saved title back.
pub(super) const RESTORE_TITLE: &str = "\x1b[23;2t";

/// Returns the sequence that sets the title.
pub(super) fn title(text: &str) -> String {
    format!("\x1b]2;{}\x1b\\", harmless(text))
}

/// Returns the sequence for a notice, with the bell: where a terminal has no notices, that is at least heard.
pub(super) fn notice(form: NoticeForm, text: &str) -> String {
    let text = harmless(text);
    match form {
        NoticeForm::Bell => "\x07".to_owned(),
        NoticeForm::Osc9 => format!("\x1b]9;{text}\x1b\\\x07"),
        NoticeForm::Osc777 => format!("\x1b]777;notify;lobuctl;{}\x1b\\\x07", text.replace(';', ",")),
    }
}

/// Returns a text without characters that would end the sequence and begin another one.
fn harmless(text: &str) -> String {
    text.chars().filter(|character| !character.is_control()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_ends_its_sequence() {
        let hostile = "dev\x1b\\\x07\u{9c}\x1b]52;c;aGk=\x07";
        let inner = title(hostile);
        let inner = inner
            .strip_prefix("\x1b]2;")
            .and_then(|rest| rest.strip_suffix("\x1b\\"))
            .unwrap();
        assert_eq!(inner, "dev\\]52;c;aGk=");
        for form in [NoticeForm::Bell, NoticeForm::Osc9, NoticeForm::Osc777] {
            let sequence = notice(form, hostile);
            assert!(
                sequence.matches('\x07').count() == 1 && sequence.ends_with('\x07'),
                "{sequence:?}"
            );
            assert!(sequence.matches('\x1b').count() <= 2, "{sequence:?}");
        }
        assert_eq!(
            notice(NoticeForm::Osc777, "a;b"),
            "\x1b]777;notify;lobuctl;a,b\x1b\\\x07"
        );
    }
}
