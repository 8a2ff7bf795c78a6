package io.winnow.events.importing;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** A row's fields; valid until the next row is read. */
interface Row {
  /** The line in the file, from 1, on which it begins. */
  long line();

  /** The number among the data rows, from 1. */
  long number();

  /** The text of a column, or null if it is missing or empty. */
  @Nullable String text(ColumnRef column) throws BadRowException;

  /**
   * The texts of a column that may hold several: the parts between separators, or the elements of a
   * JSON array.
   *
   * @param separator empty for none
   */
  List<String> texts(ColumnRef column, String separator) throws BadRowException;

  /** The rows of a file. */
  interface Reader {
    /**
     * The next row, or null at the end.
     *
     * @throws BadRowException if the row's bytes cannot be told apart; the next call goes on behind
     *     it
     * @throws java.io.IOException if the file cannot be read any further
     */
    @Nullable Row next() throws BadRowException, java.io.IOException;

    /** The line of the row that was read last. */
    long line();

    /** Finds a column by its name or number. */
    @Nullable ColumnRef find(String name);

    /** The names that a message can offer. */
    List<String> names();
  }
}
