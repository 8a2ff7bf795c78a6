package io.winnow.harness;

import io.winnow.core.ErrorCode;
import io.winnow.core.WinnowException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * One server process with its temporary folder: starts it, waits until it answers, kills it, starts
 * it again, and sees to it that neither outlives this JVM.
 */
final class ServerProcess implements AutoCloseable {
  private static final long READY_WITHIN_SECONDS = 60;
  private static final long END_WITHIN_SECONDS = 30;
  private static final long PROBE_EVERY_MS = 20;
  private static final int LOG_LINES_SHOWN = 20;

  /** Asks the server whether it takes work. */
  @FunctionalInterface
  interface Probe {
    /** True if the server answered; false or an exception if it is to be asked again. */
    boolean answers() throws IOException;
  }

  private final String name;
  private final Path folder;
  private final List<String> command;
  private final Probe probe;
  private final Thread hook;
  private @Nullable Process process;

  /**
   * Nothing runs yet.
   *
   * @param folder deleted by {@link #close()}
   */
  ServerProcess(String name, Path folder, List<String> command, Probe probe) {
    this.name = name;
    this.folder = folder;
    this.command = List.copyOf(command);
    this.probe = probe;
    this.hook = new Thread(this::abandon, name + "-cleanup");
    Runtime.getRuntime().addShutdownHook(hook);
  }

  static Path temporaryFolder(String name) {
    try {
      return Files.createTempDirectory("winnow-" + name + "-");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * Ports that nobody listened on a moment ago, all different. Another process may take one before
   * the server does; then the server does not start and says so.
   */
  static int[] freePorts(int count) {
    int[] ports = new int[count];
    List<ServerSocket> sockets = new ArrayList<>();
    try {
      for (int i = 0; i < count; i++) {
        ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
        sockets.add(socket);
        ports[i] = socket.getLocalPort();
      }
      return ports;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } finally {
      for (ServerSocket socket : sockets) {
        try {
          socket.close();
        } catch (IOException e) {
          // It holds no data.
        }
      }
    }
  }

  /**
   * Starts the process and returns when it answers.
   *
   * @throws WinnowException {@code UNAVAILABLE} if it ends or does not answer in time, with the
   *     last lines of its log
   */
  void start() {
    Process started;
    try {
      started =
          new ProcessBuilder(command)
              .directory(folder.toFile())
              .redirectErrorStream(true)
              .redirectOutput(ProcessBuilder.Redirect.appendTo(logFile().toFile()))
              .start();
    } catch (IOException e) {
      throw new WinnowException(
          ErrorCode.UNAVAILABLE, name + ": cannot start " + command.getFirst(), e);
    }
    process = started;
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(READY_WITHIN_SECONDS);
    while (!answers()) {
      if (endsWithin(started, PROBE_EVERY_MS, TimeUnit.MILLISECONDS)) {
        throw failed("ended with exit status " + started.exitValue());
      }
      if (System.nanoTime() > deadline) {
        throw failed("did not answer within %d s".formatted(READY_WITHIN_SECONDS));
      }
    }
  }

  private boolean answers() {
    try {
      return probe.answers();
    } catch (IOException e) {
      return false;
    }
  }

  private WinnowException failed(String what) {
    return new WinnowException(
        ErrorCode.UNAVAILABLE, "%s: %s; its log ends with:%n%s".formatted(name, what, logTail()));
  }

  private String logTail() {
    try {
      List<String> lines = Files.readAllLines(logFile());
      int from = Math.max(0, lines.size() - LOG_LINES_SHOWN);
      return String.join(System.lineSeparator(), lines.subList(from, lines.size()));
    } catch (IOException e) {
      return "(unreadable: " + e + ")";
    }
  }

  /** What the server printed, over all its starts. */
  Path logFile() {
    return folder.resolve("server.log");
  }

  boolean isAlive() {
    Process running = process;
    return running != null && running.isAlive();
  }

  /** The running process's id. */
  long pid() {
    Process running = process;
    if (running == null || !running.isAlive()) {
      throw new IllegalStateException(name + ": is not running");
    }
    return running.pid();
  }

  /** Sends SIGKILL and waits for the end; without effect if it has ended. */
  void kill() {
    Process running = process;
    if (running != null) {
      running.destroyForcibly();
      awaitEnd(running);
    }
  }

  /** Sends SIGTERM and waits for the end. */
  void terminate() {
    Process running = process;
    if (running != null) {
      running.destroy();
      awaitEnd(running);
    }
  }

  private void awaitEnd(Process running) {
    if (!endsWithin(running, END_WITHIN_SECONDS, TimeUnit.SECONDS)) {
      throw failed("did not end within %d s".formatted(END_WITHIN_SECONDS));
    }
  }

  private static boolean endsWithin(Process running, long time, TimeUnit unit) {
    try {
      return running.waitFor(time, unit);
    } catch (InterruptedException e) {
      running.destroyForcibly();
      Thread.currentThread().interrupt();
      throw new WinnowException(ErrorCode.UNAVAILABLE, "interrupted while a server was awaited", e);
    }
  }

  /** Kills the process and deletes the folder. */
  @Override
  public void close() {
    try {
      Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException e) {
      // This JVM is ending and the hook runs anyway.
    }
    kill();
    deleteFolder();
  }

  private void abandon() {
    Process running = process;
    if (running != null) {
      running.destroyForcibly();
    }
    deleteFolder();
  }

  private void deleteFolder() {
    if (!Files.exists(folder)) {
      return;
    }
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(file);
      }
    } catch (IOException | UncheckedIOException e) {
      // A temporary folder that stays is no reason for a test to fail.
    }
  }
}
