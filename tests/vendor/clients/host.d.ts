// What a mini-program's logic layer has beside the language itself.
declare function setTimeout(run: () => void, ms: number): number;
declare function clearTimeout(timer: number | undefined): void;
declare function setInterval(run: () => void, ms: number): number;
declare function clearInterval(timer: number | undefined): void;
