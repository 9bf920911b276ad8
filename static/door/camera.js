// Codes before the camera, or from a scanner that types like a keyboard: each is handed on once, and the next never waits.
(() => {
  const { huiyou } = self;
  const SIDE = 480;
  const AGAIN_MS = 2500;
  const KEYS_APART_MS = 60;

  /** Reads codes from `video` and hands each to `found` with when its frame was taken; the same one again only when it was away for a while. */
  class Camera {
    /** @param {HTMLVideoElement} video @param {(text: string, frame_at: number) => void} found */
    constructor(video, found) {
      this.video = video;
      this.found = found;
      this.canvas = document.createElement("canvas");
      this.canvas.width = this.canvas.height = SIDE;
      this.pen = this.canvas.getContext("2d", { willReadFrequently: true });
      /** When each text was last before the camera. @type {Map<string, number>} */
      this.last = new Map();
      this.frames = 0;
    }

    async start() {
      this.stream = await navigator.mediaDevices.getUserMedia({
        audio: false, video: { facingMode: { ideal: "environment" }, width: { ideal: 1280 }, height: { ideal: 720 } },
      });
      this.video.srcObject = this.stream;
      await this.video.play();
      this.on = true;
      this.next();
    }

    next() {
      if (!this.on) return;
      const look = () => {
        this.look();
        this.next();
      };
      if (this.video.requestVideoFrameCallback) this.video.requestVideoFrameCallback(look);
      else requestAnimationFrame(look);
    }

    /** One frame: its middle square, which is where people hold a code. */
    look() {
      const { video, pen } = this;
      if (!pen || !video.videoWidth || document.hidden) return;
      const frame_at = performance.now();
      const side = Math.min(video.videoWidth, video.videoHeight);
      const out = Math.min(SIDE, side);
      pen.drawImage(video, (video.videoWidth - side) / 2, (video.videoHeight - side) / 2, side, side, 0, 0, out, out);
      const picture = pen.getImageData(0, 0, out, out);
      const code = /** @type {any} */ (self).jsQR(picture.data, out, out, { inversionAttempts: this.frames++ % 8 ? "dontInvert" : "attemptBoth" });
      if (!code?.data) return;
      const before = this.last.get(code.data) ?? -Infinity;
      this.last.set(code.data, frame_at);
      if (frame_at - before < AGAIN_MS) return;
      for (const [text, at] of this.last) if (frame_at - at > AGAIN_MS) this.last.delete(text);
      this.found(code.data, frame_at);
    }

    stop() {
      this.on = false;
      for (const track of this.stream?.getTracks() || []) track.stop();
      this.video.srcObject = null;
    }

    /** The lamp of the phone; null where the camera has none. @returns {boolean | null} */
    get torch() {
      /** @type {any} */
      const track = this.stream?.getVideoTracks()[0];
      return track?.getCapabilities?.().torch ? !!track.getSettings().torch : null;
    }

    /** @param {boolean} on */
    async light(on) {
      await this.stream?.getVideoTracks()[0]?.applyConstraints(/** @type {any} */ ({ advanced: [{ torch: on }] }));
    }
  }

  /** A scanner types fast and ends with Enter; what people type slowly is left alone. @param {(text: string) => void} found @param {() => boolean} active */
  function listenToKeys(found, active) {
    let [typed, at] = ["", 0];
    document.addEventListener("keydown", (event) => {
      if (!active() || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
      const field = event.target instanceof Element && event.target.closest("input, textarea, select");
      if (field && !field.matches("[data-door-find]")) return;
      const now = performance.now();
      if (now - at > KEYS_APART_MS) typed = "";
      at = now;
      if (event.key.length === 1) typed += event.key;
      else if (event.key === "Enter" && typed.length >= 8) {
        event.preventDefault();
        if (field instanceof HTMLInputElement) {
          field.value = "";
          field.dispatchEvent(new Event("input", { bubbles: true }));
        }
        const text = typed;
        typed = "";
        found(text);
      }
    });
  }

  huiyou.doorCamera = { Camera, listenToKeys };
})();
