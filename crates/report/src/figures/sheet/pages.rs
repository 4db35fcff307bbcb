//! The pages of a sheet.

use std::ops::Range;

use super::Sheet;
use super::grid::{GAP, Grid, HEADER, LABELS, LEGEND_LINE, MARGIN};
use super::legend::legend;
use crate::figures::{LARGEST_SIDE, page_name};

/// Rows of images on one sheet, if they are not too high; what is more goes on further ones.
const ROWS_PER_SHEET: usize = 24;
/// Sheets of one figure; what is more is told and not drawn.
const MOST_SHEETS: usize = 24;

/// A page of a sheet: some of its rows and of its columns.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Page {
    pub(super) name: String,
    pub(super) title: String,
    pub(super) subtitle: String,
    pub(super) rows: Range<usize>,
    pub(super) columns: Range<usize>,
}

/// Rows and columns of a page, at most, and the number of pages that they make.
struct Cut {
    rows_each: usize,
    row_blocks: usize,
    columns_each: usize,
    column_blocks: usize,
}

impl Sheet {
    /// The pages: none wider or higher than [`LARGEST_SIDE`], and not too many.
    pub(super) fn pages(&self) -> Vec<Page> {
        let Cut { rows_each, row_blocks, columns_each, column_blocks } = self.cut();
        let end = |block: usize, each: usize, all: usize| ((block + 1) * each).min(all);
        let mut pages = Vec::new();
        for row in 0..row_blocks {
            for column in 0..column_blocks {
                pages.push(Page {
                    name: page_name(self.name, pages.len()),
                    title: self.title.clone(),
                    subtitle: self.subtitle.clone(),
                    rows: row * rows_each..end(row, rows_each, self.rows.len()),
                    columns: column * columns_each..end(column, columns_each, self.columns.len()),
                });
            }
        }
        pages.retain(|page| !page.columns.is_empty());
        self.say_parts(&mut pages, column_blocks);
        pages
    }

    fn cut(&self) -> Cut {
        let fit = |room: i32, each: i32| ((room + GAP) / each.max(1)).max(1) as usize;
        let most_columns = fit(LARGEST_SIDE - LABELS - 2 * MARGIN, self.side + GAP);
        let column_blocks = self.columns.len().div_ceil(most_columns).clamp(1, MOST_SHEETS);
        let columns_each = self.columns.len().div_ceil(column_blocks).clamp(1, most_columns);
        let mut grid = Grid {
            side: self.side,
            columns: columns_each as i32,
            rows: 1,
            below: Self::below(&self.rows),
            legend_lines: 0,
        };
        grid.legend_lines = legend(self, &grid).last().map_or(0, |entry| entry.line + 1);
        let room = LARGEST_SIDE - HEADER - MARGIN - grid.legend_lines * LEGEND_LINE;
        let rows_each = fit(room, self.side + grid.below + GAP).min(ROWS_PER_SHEET);
        let row_blocks = self.rows.len().div_ceil(rows_each).min((MOST_SHEETS / column_blocks).max(1));
        Cut { rows_each, row_blocks, columns_each, column_blocks }
    }

    /// Has the subtitles say which part a page shows, and what is on none.
    fn say_parts(&self, pages: &mut [Page], column_blocks: usize) {
        let Some(last) = pages.last() else { return };
        let (rows, columns) = (last.rows.end, last.columns.end);
        for page in pages {
            if 1 < column_blocks {
                let (from, to, all) = (page.columns.start + 1, page.columns.end, self.columns.len());
                page.subtitle += &format!(" · columns {from} to {to} of {all}");
            }
            for (shown, all, what) in
                [(rows, self.rows.len(), "rows"), (columns, self.columns.len(), "columns")]
            {
                if shown < all {
                    page.subtitle +=
                        &format!(" · only the first {shown} of {all} {what} are on these sheets");
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Place, Row};
    use super::*;

    fn sheet(rows: usize, columns: usize, side: i32) -> Sheet {
        let place = |_| Place::Empty("not begun".to_owned());
        let row =
            |_| Row { heading: "cow".into(), notes: Vec::new(), places: (0..columns).map(place).collect() };
        Sheet {
            name: "images",
            title: "Images".into(),
            subtitle: "model set mini".into(),
            columns: (0..columns).map(|n| format!("adam lr={n}")).collect(),
            rows: (0..rows).map(row).collect(),
            side,
            legend: Vec::new(),
        }
    }

    /// Every place is on one page, and no page is larger than the bound.
    #[test]
    fn pages_cut_rows_and_columns_within_bounds() {
        for (rows, columns, side) in
            [(1, 1, 192), (4, 6, 192), (4, 17, 192), (4, 80, 192), (24, 6, 192), (300, 2, 320)]
        {
            let sheet = sheet(rows, columns, side);
            let pages = sheet.pages();
            let mut shown = vec![0; rows * columns];
            for page in &pages {
                let (columns_here, rows_here) = (page.columns.len() as i32, page.rows.len() as i32);
                let grid = Grid { side, columns: columns_here, rows: rows_here, below: 0, legend_lines: 0 };
                let (width, height) = grid.size();
                assert!(width.max(height) as i32 <= LARGEST_SIDE, "{page:?}: {width} × {height}");
                for row in page.rows.clone() {
                    page.columns.clone().for_each(|column| shown[row * columns + column] += 1);
                }
            }
            assert!(
                shown.iter().all(|times| *times == 1) || MOST_SHEETS <= pages.len(),
                "{rows} × {columns}"
            );
        }
    }

    #[test]
    fn what_is_not_on_the_sheets_is_told() {
        let few = sheet(4, 6, 192).pages();
        assert_eq!((few.len(), few[0].subtitle.as_str()), (1, "model set mini"));
        let wide = sheet(4, 80, 192).pages();
        assert_eq!(wide[1].name, "images-2");
        assert!(wide[1].subtitle.ends_with("columns 21 to 40 of 80"), "{}", wide[1].subtitle);
        let many = sheet(3000, 2, 192).pages();
        assert_eq!(many.len(), MOST_SHEETS);
        assert!(many[0].subtitle.contains("only the first 576 of 3000 rows"), "{}", many[0].subtitle);
    }
}
