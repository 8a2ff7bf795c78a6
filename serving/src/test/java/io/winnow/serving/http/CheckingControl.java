package io.winnow.serving.http;

import io.winnow.core.ErrorCode;
import io.winnow.core.Problem;
import io.winnow.core.WinnowException;
import io.winnow.core.application.ApplicationDefinition;
import io.winnow.core.application.ApplicationFile;
import io.winnow.core.application.FeatureDefinition;
import io.winnow.lifecycle.ApplicationChange;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/** Takes every application file that may follow the one before, and computes nothing. */
final class CheckingControl implements ApplicationControl {
  Consumer<ApplicationDefinition> onChange = _ -> {};
  volatile Backfill backfill = Backfill.IDLE;
  volatile List<FeatureDefinition> held;
  private volatile ApplicationFile file;

  CheckingControl(ApplicationDefinition application) {
    this.file = new ApplicationFile("application: " + application.name(), application);
    this.held = application.features();
  }

  @Override
  public Status status() {
    return new Status(file, "0123456789abcdef", held, backfill);
  }

  @Override
  public synchronized Accepted apply(String yaml) {
    ApplicationFile next = ApplicationFile.parse(yaml, "winnow.yaml", Map.of());
    List<Problem> problems =
        ApplicationChange.problems(file.definition(), next.definition(), List.of());
    if (!problems.isEmpty()) {
      throw WinnowException.invalid(problems);
    }
    if (backfill.state() == Backfill.State.RUNNING) {
      Problem problem = new Problem("backfill", "running", "none");
      throw new WinnowException(ErrorCode.CONFLICT, problem.toString(), List.of(problem), null);
    }
    ApplicationChange change = ApplicationChange.between(file.definition(), next.definition());
    file = next;
    onChange.accept(next.definition());
    return new Accepted(change, !change.added().isEmpty());
  }
}
