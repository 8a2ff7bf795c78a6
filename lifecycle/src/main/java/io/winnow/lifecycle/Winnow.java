package io.winnow.lifecycle;

/** What a release's provenance says of the program that made it. */
public final class Winnow {
  /** The version of the code. */
  public static final String VERSION = "0.1.0";

  private Winnow() {}

  /** JVM, operating system and processors. */
  static String environment() {
    return "Java %s, %s %s, %d processors"
        .formatted(
            Runtime.version(),
            System.getProperty("os.name"),
            System.getProperty("os.arch"),
            Runtime.getRuntime().availableProcessors());
  }
}
