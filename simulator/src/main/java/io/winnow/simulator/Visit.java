package io.winnow.simulator;

import io.winnow.core.LogRecord;
import io.winnow.core.UserId;
import java.util.List;
import java.util.Map;

/**
 * Someone opens the application and waits for a slate.
 *
 * @param user who
 * @param timeMs when, epoch milliseconds
 * @param context what the application knows of the request: {@code device}
 * @param news what the log must hear first, in time order: items published and users signed up
 *     since the visit before
 */
public record Visit(UserId user, long timeMs, Map<String, String> context, List<LogRecord> news) {
  /** Copies the collections. */
  public Visit {
    context = Map.copyOf(context);
    news = List.copyOf(news);
  }
}
