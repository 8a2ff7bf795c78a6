package io.winnow.app;

import io.winnow.core.ErrorCode;
import io.winnow.core.WinnowException;
import io.winnow.lifecycle.jobs.JobContext;
import io.winnow.lifecycle.jobs.JobFailure;
import io.winnow.lifecycle.jobs.JobFailure.Remedy;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;

/**
 * Starts a {@link WorkerMain}, listens to it and tells what became of it: the same Java and class
 * path as this process, a heap of its own, and last in the queue for processors where the system
 * knows {@code nice}.
 *
 * @param environment of the process, besides this one's
 * @param heap the bound of its heap as {@code -Xmx} takes it; empty for a quarter of the machine's
 *     memory
 */
record WorkerProcess(Map<String, String> environment, String heap) {
  /** The variable that bounds a worker's heap, such as {@code 8g}. */
  static final String HEAP_VARIABLE = "WINNOW_TRAINER_HEAP";

  private static final Path NICE = Path.of("/usr/bin/nice");
  private static final int LAST_LINES = 20;
  private static final int KILLED = 137;
  private static final int ABORTED = 134;
  private static final int HEAP_FULL = 3;
  private static final String PASSED_ON = "WINNOW_";
  private static final String DISK_FULL = "No space left";
  private static final List<String> PASSED_ON_OPTIONS =
      List.of(
          "--add-",
          "--enable-",
          "--sun-misc-unsafe-memory-access",
          "--illegal-native-access",
          "-Dwinnow.",
          "-Dlogback.",
          "-Djava.io.tmpdir=",
          "-Djava.library.path=",
          "-Dorg.bytedeco.",
          "-Dfile.encoding=",
          "-Duser.timezone=");

  static WorkerProcess of(Map<String, String> environment) {
    return new WorkerProcess(environment, environment.getOrDefault(HEAP_VARIABLE, ""));
  }

  /**
   * Carries out an order in a process and returns its answer.
   *
   * @param folder of the order; what an earlier attempt left there is taken up
   * @throws JobFailure that says what happened to the process, and what to do
   */
  WorkerOrder.Answer carryOut(WorkerOrder order, Path folder, JobContext context)
      throws InterruptedException {
    context.check();
    Deque<String> last = new ArrayDeque<>();
    int exit;
    try {
      Files.createDirectories(folder);
      Files.deleteIfExists(folder.resolve(WorkerOrder.ANSWER));
      order.write(folder);
      Process process = start(folder);
      context.log("worker process " + process.pid());
      context.onStop(process::destroyForcibly);
      try (BufferedReader lines =
          new BufferedReader(
              new java.io.InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
          if (last.size() == LAST_LINES) {
            last.removeFirst();
          }
          last.add(line);
          context.log(line);
        }
      } finally {
        process.destroyForcibly();
      }
      exit = process.waitFor();
    } catch (IOException e) {
      throw new WinnowException(
          ErrorCode.UNAVAILABLE, "cannot run a worker process: " + e.getMessage(), e);
    }
    context.check();
    WorkerOrder.Answer answer = WorkerOrder.answered(folder);
    if (answer == null) {
      throw died(exit, last);
    }
    WorkerOrder.Failure failure = answer.failure();
    if (failure != null) {
      throw failed(failure);
    }
    return answer;
  }

  private Process start(Path folder) throws IOException {
    List<String> command = new ArrayList<>();
    if (Files.isExecutable(NICE)) {
      command.addAll(List.of(NICE.toString(), "-n", "10"));
    }
    command.add(OtherProcess.java());
    command.addAll(passedOn(OtherProcess.options()));
    command.add(heap.isEmpty() ? "-XX:MaxRAMPercentage=25" : "-Xmx" + heap);
    command.add("-XX:+ExitOnOutOfMemoryError");
    command.addAll(OtherProcess.classPath());
    command.add(WorkerMain.class.getName());
    command.add(folder.toString());
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    environment.forEach((name, value) -> {
      if (name.startsWith(PASSED_ON)) {
        builder.environment().put(name, value);
      }
    });
    return builder.start();
  }

  /**
   * The options of this process that a worker needs, too: what opens the platform to libraries, and
   * where they and the logging find what is theirs. Heap, collector, agents, ports and the files
   * that this process writes are its own.
   */
  static List<String> passedOn(List<String> options) {
    return options.stream()
        .filter(option -> PASSED_ON_OPTIONS.stream().anyMatch(option::startsWith))
        .toList();
  }

  /** What the end of a process without an answer means, with advice. */
  static JobFailure died(int exit, Deque<String> last) {
    String said = last.isEmpty() ? "" : " It last said: " + last.getLast();
    boolean heap = last.stream().anyMatch(line -> line.contains("OutOfMemoryError"));
    if (heap || exit == HEAP_FULL) {
      return new JobFailure(
          Remedy.PERSON,
          "The worker process ran out of heap." + said,
          "Set "
              + HEAP_VARIABLE
              + " to a larger heap, such as 8g, or train on a larger machine;"
              + " then run the job again with the same key.");
    }
    if (last.stream().anyMatch(line -> line.contains(DISK_FULL))) {
      return diskFull("The worker process could not write." + said);
    }
    if (exit == KILLED) {
      return new JobFailure(
          Remedy.RETRY,
          "The worker process was killed (signal 9)." + said,
          "If nobody killed it, the system did because memory ran out: give the machine or the"
              + " container more, or lower "
              + HEAP_VARIABLE
              + ". It goes on from its last"
              + " checkpoint.");
    }
    return new JobFailure(
        Remedy.RETRY,
        "The worker process ended with exit code %d%s.%s"
            .formatted(exit, exit == ABORTED ? ", a crash of native code" : "", said),
        "See the run's log; if it fails again, report it as a defect.");
  }

  private static JobFailure diskFull(String text) {
    return new JobFailure(
        Remedy.RETRY,
        text,
        "Free space on the disk, or delete releases (winnow jobs run compaction); attempts go on"
            + " meanwhile.");
  }

  /** What a worker's failure means, with advice. */
  static RuntimeException failed(WorkerOrder.Failure failure) {
    String text = failure.text();
    if (text.contains("diverged")) {
      return new JobFailure(
          Remedy.PERSON,
          text,
          "Nothing was published. Train with a lower learning rate or other settings (--settings,"
              + " as 'winnow tune' finds them), or look for absurd values among the newest events.");
    }
    if (text.contains(DISK_FULL)) {
      return diskFull(text);
    }
    if (failure.code() == ErrorCode.INVALID_ARGUMENT
        && text.startsWith(WorkerMain.NOTHING_NEW + ":")) {
      return new JobFailure(
          Remedy.NONE,
          "There is nothing new behind the champion's data yet: " + text,
          "Nothing: more events will come. A person who wants a release all the same says where it"
              + " begins (--from none).");
    }
    if (failure.code() == ErrorCode.INVALID_ARGUMENT && text.startsWith("events:")) {
      return new JobFailure(
          Remedy.NONE, text, "Nothing: it can be trained when more events have come.");
    }
    return new WinnowException(failure.code(), text);
  }
}
