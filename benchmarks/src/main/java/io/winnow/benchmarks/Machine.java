package io.winnow.benchmarks;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.stream.Stream;

/** The machine that figures hold for. */
final class Machine {
  private Machine() {}

  /**
   * Cores, processor and memory where the system tells them, system, JDK, and the load average: a
   * figure taken on a busy machine says so.
   */
  static String describe() {
    String text =
        "%d cores%s%s, %s %s, JDK %s"
            .formatted(
                Runtime.getRuntime().availableProcessors(),
                value(Path.of("/proc/cpuinfo"), "model name"),
                value(Path.of("/proc/meminfo"), "MemTotal"),
                System.getProperty("os.name"),
                System.getProperty("os.arch"),
                Runtime.version());
    double load = ManagementFactory.getOperatingSystemMXBean().getSystemLoadAverage();
    return load < 0 ? text : text + String.format(Locale.ROOT, ", load average %.1f", load);
  }

  /** A line's value after a comma; nothing where the system has no such file or line. */
  private static String value(Path file, String name) {
    if (!Files.isReadable(file)) {
      return "";
    }
    try (Stream<String> lines = Files.lines(file)) {
      return lines
          .filter(line -> line.startsWith(name) && line.indexOf(':') > 0)
          .findFirst()
          .map(line -> ", " + line.substring(line.indexOf(':') + 1).strip())
          .orElse("");
    } catch (IOException _) {
      return "";
    }
  }
}
