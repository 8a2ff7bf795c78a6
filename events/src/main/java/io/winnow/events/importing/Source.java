package io.winnow.events.importing;

import io.winnow.core.ErrorCode;
import io.winnow.core.Problem;
import io.winnow.core.WinnowException;
import io.winnow.core.application.Imports;
import java.nio.charset.Charset;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * A table of the application file and the file that was found for it.
 *
 * @param path in the application file, such as {@code imports.events[0]}
 */
record Source(Kind kind, String path, Imports.Table table, Path file) {
  /** What the rows become. */
  enum Kind {
    ITEMS,
    USERS,
    EVENTS
  }

  /**
   * Finds every table's file.
   *
   * @throws WinnowException {@code NOT_FOUND} with every missing file, {@code INVALID_ARGUMENT}
   *     with every unknown charset
   */
  static List<Source> resolve(Path folder, Imports imports) {
    List<Source> sources = new ArrayList<>();
    List<Problem> missing = new ArrayList<>();
    List<Problem> invalid = new ArrayList<>();
    for (Kind kind : Kind.values()) {
      List<Imports.Table> tables =
          switch (kind) {
            case ITEMS -> imports.items();
            case USERS -> imports.users();
            case EVENTS -> imports.events();
          };
      for (int i = 0; i < tables.size(); i++) {
        Imports.Table table = tables.get(i);
        String path = "imports." + kind.name().toLowerCase(java.util.Locale.ROOT) + "[" + i + "]";
        String charset = table.format().charset();
        if (!isCharset(charset)) {
          invalid.add(new Problem(path + ".format.charset", charset, "such as UTF-8"));
        }
        Path file = TableFile.find(folder, table);
        if (file != null) {
          sources.add(new Source(kind, path, table, file));
        } else if (!table.optional()) {
          missing.add(
              new Problem(
                  path + ".files",
                  String.join(", ", table.files()),
                  "one of them, or with .gz, in " + folder));
        }
      }
    }
    if (!invalid.isEmpty()) {
      throw WinnowException.invalid(invalid);
    }
    if (!missing.isEmpty()) {
      throw new WinnowException(
          ErrorCode.NOT_FOUND, "import: " + missing.getFirst(), missing, null);
    }
    return sources;
  }

  private static boolean isCharset(String name) {
    try {
      return Charset.isSupported(name);
    } catch (IllegalArgumentException e) {
      return false;
    }
  }
}
