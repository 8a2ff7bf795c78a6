package io.winnow.simulator;

import io.winnow.core.AttributeValue;
import io.winnow.core.ItemId;
import io.winnow.core.LogRecord;
import java.util.Map;

/**
 * An item, with what the application does not see of it.
 *
 * @param index 0, 1, 2, … in order of publication
 * @param content what it is about
 * @param seconds its duration
 * @param quality in (0, 1); most are middling
 */
record Video(
    int index,
    ItemId id,
    String title,
    int creator,
    Content content,
    int seconds,
    double quality,
    long publishedMs) {
  /**
   * What a video is about.
   *
   * @param topic the main one; its category is the video's
   * @param secondTopic perhaps of another category
   * @param share of the main topic, in [0.5, 1]
   * @param series number of the series, or -1
   * @param episode within the series, from 1; 0 outside one
   */
  record Content(int topic, int secondTopic, double share, int series, int episode) {}

  /** The category of the main topic. */
  int category() {
    return Names.categoryOf(content.topic());
  }

  /** What the application is told. */
  LogRecord.ItemPut put() {
    return new LogRecord.ItemPut(
        id,
        Map.of(
            "category", new AttributeValue.Text(Names.CATEGORIES.get(category()).name()),
            "creator", new AttributeValue.Text(Names.creator(creator)),
            "duration", new AttributeValue.Numeric(seconds),
            "published", new AttributeValue.Time(publishedMs),
            "title", new AttributeValue.Text(title)),
        true,
        publishedMs);
  }
}
