@NullMarked
package io.winnow.serving;

import org.jspecify.annotations.NullMarked;
