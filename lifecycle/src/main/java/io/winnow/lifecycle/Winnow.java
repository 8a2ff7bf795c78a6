package io.winnow.lifecycle;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;

/** What a release's provenance says of the program that made it. */
public final class Winnow {
  /** The version of the code. */
  public static final String VERSION = "0.1.0";

  private static final String BUILD = "build.properties";

  private Winnow() {}

  /**
   * JVM, operating system, processors, the libraries that compute networks, and the commit that was
   * built. What the build did not say is left out.
   */
  static String environment() {
    List<String> parts = new ArrayList<>();
    parts.add("Java " + Runtime.version());
    parts.add(System.getProperty("os.name") + " " + System.getProperty("os.arch"));
    parts.add(Runtime.getRuntime().availableProcessors() + " processors");
    Properties build = build();
    add(parts, "DJL ", build, "djl");
    add(parts, "PyTorch ", build, "pytorch");
    add(parts, "ONNX Runtime ", build, "onnxruntime");
    add(parts, "commit ", build, "commit");
    return String.join(", ", parts);
  }

  private static void add(List<String> parts, String name, Properties build, String key) {
    String value = build.getProperty(key, "");
    if (!value.isBlank() && !value.startsWith("${")) { // As compiled without Maven.
      parts.add(name + value);
    }
  }

  private static Properties build() {
    Properties build = new Properties();
    try (InputStream in = Winnow.class.getResourceAsStream(BUILD)) {
      if (in != null) {
        build.load(in);
      }
      return build;
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read " + BUILD + " of the program itself", e);
    }
  }
}
