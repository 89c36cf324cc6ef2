//! What went wrong with a workbook, in words of our own: messages of its reader quote what they stumbled over.

use calamine::XlsxError;

use crate::error::DataError;

/// The error in words, without a value from the data.
pub(super) fn failure(error: &XlsxError) -> DataError {
    damaged(match error {
        XlsxError::Password => {
            return DataError::new("the workbook is encrypted with a password")
                .advise("open it with its password and save it without one");
        }
        XlsxError::Zip(_) | XlsxError::Io(_) => "its zip archive cannot be read",
        XlsxError::Xml(_) | XlsxError::XmlAttr(_) | XlsxError::XmlEof(_) | XlsxError::Encoding(_) => {
            "a part is no whole XML"
        }
        XlsxError::FileNotFound(_) | XlsxError::WorksheetNotFound(_) | XlsxError::RelationshipNotFound => {
            "it lacks a part that it names"
        }
        XlsxError::NotAWorksheet(_) => "a sheet has no cells",
        _ => "a part holds what the format does not allow",
    })
}

/// A workbook that cannot be read, with what to do about it.
pub(super) fn damaged(reason: &str) -> DataError {
    DataError::new(format!("the Excel workbook is damaged or of a kind that cannot be read: {reason}"))
        .advise("open it with a spreadsheet program and save it again, or export its sheets as CSV")
}

/// A workbook that would need more than there is.
pub(super) fn too_large(reason: &str) -> DataError {
    DataError::new(reason.to_owned()).advise("give it more room with --max-memory, or export its sheets as CSV")
}
