package io.winnow.app;

import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** How this program starts itself a second time. */
final class OtherProcess {
  private OtherProcess() {}

  /** The Java, JVM options and class path of this process; arguments of a command are added. */
  static List<String> winnow() {
    List<String> command = new ArrayList<>();
    command.add(java());
    command.addAll(options());
    command.addAll(classPath());
    command.add(Main.class.getName());
    return command;
  }

  /** The program that runs this process. */
  static String java() {
    return Path.of(System.getProperty("java.home"), "bin", "java").toString();
  }

  /** The JVM options of this process, one an element. */
  static List<String> options() {
    return ManagementFactory.getRuntimeMXBean().getInputArguments();
  }

  /** The option that names the class path of this process, and the class path. */
  static List<String> classPath() {
    return List.of("-cp", System.getProperty("java.class.path"));
  }
}
