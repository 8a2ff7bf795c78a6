package io.winnow.benchmarks;

import io.winnow.core.ErrorCode;
import io.winnow.core.WinnowException;
import java.io.BufferedReader;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The {@code winnow} program in a process of its own, so that what is measured shares neither heap
 * nor compiler with what measures.
 */
public final class WinnowProcess implements AutoCloseable {
  private static final Pattern LISTENING = Pattern.compile("listening on (http://\\S+)");
  private static final int LINES_KEPT = 30;

  private final Process process;
  private final BufferedReader output;
  private final Consumer<String> progress;
  private final ArrayDeque<String> lastLines = new ArrayDeque<>();

  private WinnowProcess(List<String> program, List<String> arguments, Consumer<String> progress) {
    List<String> command = new ArrayList<>(program);
    command.addAll(arguments);
    this.progress = progress;
    try {
      process = new ProcessBuilder(command).redirectErrorStream(true).start();
    } catch (IOException e) {
      throw new WinnowException(ErrorCode.UNAVAILABLE, "cannot start " + command.getFirst(), e);
    }
    output = process.inputReader(StandardCharsets.UTF_8);
  }

  /**
   * Runs a command to its end.
   *
   * @param program how {@code winnow} is started; the arguments are added
   * @param progress receives the lines that it prints
   * @throws WinnowException if its exit code is not 0, with its last lines
   */
  public static void run(List<String> program, List<String> arguments, Consumer<String> progress) {
    try (WinnowProcess run = new WinnowProcess(program, arguments, progress)) {
      for (String line = run.nextLine(); line != null; line = run.nextLine()) {
        progress.accept(line);
      }
      int code = run.awaitEnd();
      if (code != 0) {
        throw run.failure(arguments.getFirst() + " ended with exit code " + code);
      }
    }
  }

  /**
   * Starts {@code serve} on a free port and returns when it listens.
   *
   * @param arguments of {@code serve}, without the port
   */
  public static WinnowProcess serve(
      List<String> program, List<String> arguments, Consumer<String> progress) {
    List<String> all = new ArrayList<>(List.of("serve", "--port", "0"));
    all.addAll(arguments);
    return new WinnowProcess(program, all, progress);
  }

  /**
   * Where the server answers; waits until it does. Call once.
   *
   * @throws WinnowException if it ended before
   */
  public URI awaitUri() {
    for (String line = nextLine(); line != null; line = nextLine()) {
      Matcher listening = LISTENING.matcher(line);
      if (listening.find()) {
        // From here on only so that the process never waits for a reader.
        Thread.ofVirtual().start(this::drain);
        return URI.create(listening.group(1));
      }
      progress.accept(line);
    }
    throw failure("the server ended before it listened");
  }

  private void drain() {
    for (String line = nextLine(); line != null; line = nextLine()) {
      progress.accept(line);
    }
  }

  private @Nullable String nextLine() {
    try {
      String line = output.readLine();
      if (line != null) {
        synchronized (lastLines) {
          lastLines.add(line);
          if (lastLines.size() > LINES_KEPT) {
            lastLines.remove();
          }
        }
      }
      return line;
    } catch (IOException _) {
      return null; // The stream of a process that was stopped.
    }
  }

  private WinnowException failure(String what) {
    synchronized (lastLines) {
      return new WinnowException(
          ErrorCode.UNAVAILABLE, "winnow " + what + ":\n" + String.join("\n", lastLines));
    }
  }

  private int awaitEnd() {
    try {
      return process.waitFor();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new WinnowException(ErrorCode.UNAVAILABLE, "interrupted", e);
    }
  }

  /** Asks the process to end, as a terminal does, and waits for it. */
  @Override
  public void close() {
    process.destroy();
    awaitEnd();
  }
}
